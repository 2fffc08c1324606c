"""The values that mappings compute with, and what may be done with them: conversion, arithmetic, order, bounds."""
