"""Pinbridge turns webhooks into dashboard pins."""
