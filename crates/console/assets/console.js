// The console's own script. Every page works without it; it adds keys, dialogs and running digits.
// Nothing here decides anything: it presses the same buttons a person would press.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const OFF = "mainstay-keys-off";
  const keysOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };

  // Links that name a dialog or a fold open it in place; without the script they lead to a page of their own.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-opens]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (open(link.dataset.opens)) { event.preventDefault(); event.stopPropagation(); }
  }, true);

  function open(id) {
    const target = document.getElementById(id);
    if (!target) return false;
    if (target instanceof HTMLDialogElement) { target.showModal(); return true; }
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView({ block: "nearest" });
      const field = $("textarea", target) || $("summary", target);
      if (field) field.focus();
      return true;
    }
    return false;
  }

  // One press is one decision: a form is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.target) return;
    if (form.dataset.sent) { event.preventDefault(); event.stopPropagation(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  }, true);

  // Digits of a hold. The server said when it ends and what its clock was; the browser's own clock only counts.
  const began = new WeakMap();
  function count() {
    for (const digits of document.querySelectorAll("[data-until]")) {
      const key = digits.dataset.until + "/" + digits.dataset.now;
      let start = began.get(digits);
      if (!start || start.key !== key) { start = { key, at: performance.now() }; began.set(digits, start); }
      const left = Number(digits.dataset.until) - Number(digits.dataset.now) - (performance.now() - start.at);
      const seconds = Math.max(0, Math.ceil(left / 1000));
      digits.textContent = Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
    }
  }
  setInterval(count, 250);

  // Single keys: outside fields, not while held, not with a modifier, not when switched off.
  const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  function move(step) {
    const rows = [...document.querySelectorAll(".rows .row")];
    if (!rows.length) return false;
    const at = rows.findIndex((row) => row === document.activeElement || row.hasAttribute("aria-current"));
    const row = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    row.focus();
    row.click();
    return true;
  }

  function press(selector) {
    const button = $(selector);
    if (!button || button.disabled || !button.offsetParent) return false;
    button.click();
    return true;
  }

  function inDialog(dialog, key) {
    if (dialog.id !== "reject" || !/^[1-8]$/.test(key)) return false;
    const choices = dialog.querySelectorAll("input[name=reason]");
    const choice = choices[Number(key) - 1];
    if (!choice) return false;
    choice.checked = true;
    // "Something else" wants words first.
    if (choice === choices[choices.length - 1]) { $("input[name=note]", dialog).focus(); return true; }
    choice.form.requestSubmit();
    return true;
  }

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    a: () => press("#approve"),
    e: () => open("edit"),
    x: () => open("reject"),
    u: () => press("[data-undo]") || press("#undo"),
    v: () => open("evidence"),
    "?": () => open("keys"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") {
      const form = event.target.closest("#edit form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (keysOff() || typing(event.target)) return;
    const dialog = $("dialog[open]");
    const did = dialog ? inDialog(dialog, event.key) : Boolean(KEYS[event.key] && KEYS[event.key]());
    if (did) event.preventDefault();
  });

  // What only the script can offer is shown by it, after each swap as well.
  function offer() {
    for (const entry of document.querySelectorAll(".keys-entry")) entry.hidden = false;
    const off = $("#keys-off");
    if (off && !off.dataset.ready) {
      off.dataset.ready = "1";
      off.checked = keysOff();
      off.addEventListener("change", () => { try { localStorage.setItem(OFF, off.checked ? "1" : "0"); } catch { /* private mode */ } });
    }
    const current = $(".rows [aria-current]");
    if (current && current.scrollIntoView) current.scrollIntoView({ block: "nearest" });
    // After a decision the next card has the focus, once.
    const decided = new URLSearchParams(location.search).has("did") ? location.href : "";
    if (current && decided && decided !== focusedFor && document.activeElement === document.body) current.focus({ preventScroll: true });
    focusedFor = decided;
    count();
  }
  let focusedFor = "";
  document.addEventListener("htmx:after:swap", offer);
  offer();
})();
