// Keeps the board live: asks once a second which pins changed, and swaps their tiles.
"use strict";

const PERIOD_MS = 1000;
const board = document.getElementById("board");
const account = document.getElementById("account");
const greeting = document.getElementById("greeting");
const lost = document.getElementById("lost");
let version = document.body.dataset.version;

function tileFrom(html) {
  const template = document.createElement("template");
  template.innerHTML = html; // escaped by the server; the page's policy lets no script in it run
  return template.content.querySelector("[data-pin]");
}

function keepOpenBranches(from, to) {
  const before = from.querySelectorAll("details");
  const after = to.querySelectorAll("details");
  if (before.length !== after.length) return;
  after.forEach((branch, index) => { branch.open = before[index].open; });
}

function keepScroll(from, to) {
  const before = from.querySelector(".scroll");
  const after = to.querySelector(".scroll");
  if (before && after) after.scrollTo(before.scrollLeft, before.scrollTop);
}

function show(changes) {
  const present = new Map([...board.children].map((tile) => [tile.dataset.pin, tile]));
  for (const [pin, html] of Object.entries(changes.tiles)) {
    const tile = tileFrom(html);
    const old = present.get(pin);
    tile.classList.add("fresh");
    if (old) {
      keepOpenBranches(old, tile);
      old.replaceWith(tile);
      keepScroll(old, tile);
    }
    present.set(pin, tile);
  }
  changes.order.forEach((pin, index) => {
    if (board.children[index] !== present.get(pin)) board.insertBefore(present.get(pin), board.children[index] ?? null);
  });
  while (board.children.length > changes.order.length) board.lastElementChild.remove();
  account.innerHTML = changes.account;
  greeting.hidden = changes.order.length > 0;
  version = changes.version;
}

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[data-at]")) {
    const at = Number(time.dataset.at);
    time.title = new Date(at).toLocaleString();
    time.textContent = ago(Date.now() - at);
  }
}

async function refresh() {
  try {
    const answer = await fetch(`${document.body.dataset.changes}?after=${version}`);
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    show(await answer.json());
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  tellTimes();
  schedule();
}

function schedule() {
  setTimeout(() => (document.hidden ? schedule() : refresh()), PERIOD_MS);
}

tellTimes();
schedule();
