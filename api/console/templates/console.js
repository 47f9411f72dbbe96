// Everything works without this: it keeps a running job's page fresh, asks before what can't be
// undone, and listens to keys.
"use strict";

const nameOf = (part) => part.tagName + part.className + (part.querySelector("h2")?.textContent ?? "");

// Puts one part in the place of another; where the reader is in it stays as it was.
function exchange(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const [shown, next] = [old, fresh].map((part) => part.querySelector("pre"));
  const top = shown?.scrollTop ?? 0;
  const atEnd = shown && top > 0 && top + shown.clientHeight >= shown.scrollHeight - 4;
  old.replaceWith(fresh);
  if (next) next.scrollTop = atEnd ? next.scrollHeight : top;
  if (!focused) return;
  const alike = [...fresh.querySelectorAll(focused.tagName)];
  const same = alike.find((one) => one.textContent === focused.textContent) ?? alike[0];
  same?.focus({ preventScroll: true });
}

// Changes only the parts that differ, so that focus, selection and scrolling outlive an update.
function bringUpToDate(shown, fresh) {
  const wanted = new Set([...fresh.children].map(nameOf));
  for (const old of [...shown.children]) if (!wanted.has(nameOf(old))) old.remove();
  let at = shown.firstElementChild;
  for (const part of [...fresh.children]) {
    if (!at || nameOf(at) !== nameOf(part)) {
      shown.insertBefore(part, at);
      continue;
    }
    const next = at.nextElementSibling;
    if (!at.isEqualNode(part)) exchange(at, part);
    at = next;
  }
}

function keepFresh() {
  const live = document.querySelector("[data-events]");
  if (!live) return;
  const source = new EventSource(live.dataset.events);
  let busy = false;
  let again = false;
  async function show() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("live");
        const shown = document.getElementById("live");
        if (fresh && shown) bringUpToDate(shown, fresh);
      }
    } finally {
      busy = false;
      if (again) {
        again = false;
        setTimeout(show, 500);
      }
    }
  }
  for (const kind of ["status", "progress", "log"]) source.addEventListener(kind, show);
  source.addEventListener("end", () => {
    source.close();
    show();
  });
}

// Leaving the page, by Stop or otherwise, ends it.
function goOn() {
  const form = document.querySelector("form[data-go-on]");
  if (form) setTimeout(() => form.requestSubmit(), Number(form.dataset.goOn));
}

function askFirst(event) {
  const question = event.target.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
}

function move(step) {
  const rows = [...document.querySelectorAll("table.rows tbody tr")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("here"));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  rows.forEach((row) => row.classList.toggle("here", row === next));
  next.querySelector("a")?.focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "?") document.getElementById("keys").showModal();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/") {
    const search = document.getElementById("search");
    if (search) search.focus();
    else location.assign("/console/jobs");
  } else return;
  event.preventDefault();
}

document.addEventListener("submit", askFirst);
document.addEventListener("keydown", onKey);
keepFresh();
goOn();
