"use strict";
const recipes = JSON.parse(document.getElementById("data").textContent);
const signs = { Whole: "", Half: "½", Lost: "–", Torn: "×" };
const verdicts = { Whole: "whole", Half: "half", Lost: "lost", Torn: "torn" };
const conditions = { Unchanged: "unchanged", Old: "old", New: "new", Older: "older", Gone: "gone", Torn: "torn" };

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function list(tag, items, name) {
  const made = element(tag, undefined, name);
  made.append(...items.map(item => element("li", item)));
  return made;
}

function documents(find) {
  const table = element("table", undefined, "found");
  for (const each of find.documents) {
    const row = table.insertRow();
    const text = each.text === undefined ? "no such file" : each.text === "" ? "empty" : each.text;
    row.append(element("td", each.path), element("td", text, each.text ? "" : "soft"),
      element("td", conditions[each.condition], ["Older", "Gone", "Torn"].includes(each.condition) ? "bad" : ""));
  }
  for (const left of find.leftovers) {
    const row = table.insertRow();
    row.append(element("td", left, "soft"), element("td", "left behind", "soft"), element("td", ""));
  }
  return table;
}

function found(find, cell) {
  const made = element("div", undefined, "find");
  const head = element("p");
  head.append(element("span", signs[find.verdict], "cell " + find.verdict), element("b", verdicts[find.verdict]),
    ` in ${find.states} of ${cell.states} states; for example after a ${find.crash}`);
  made.append(head);
  if (find.lost.length > 0) made.append(element("p", "On the disk: " + find.lost.join("; ") + ".", "soft"));
  made.append(find.failure === undefined ? documents(find) : element("p", find.failure));
  return made;
}

function show(button) {
  const [recipe, number] = button.id.split(".").map(Number);
  const cells = recipes[recipe].cells;
  const cell = cells[number];
  for (const other of document.querySelectorAll("button.cell[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
  for (const panel of document.querySelectorAll(".panel")) panel.hidden = true;
  button.setAttribute("aria-pressed", "true");
  const calls = element("div");
  calls.append(element("h3", `The calls up to the crash`), list("ol", cells.slice(0, number + 1).map(each => each.call), "calls"));
  const finds = element("div");
  finds.append(element("h3", "What is found then"), ...cell.finds.map(find => found(find, cell)));
  const panel = document.getElementById("panel" + recipe);
  panel.replaceChildren(calls, finds);
  panel.hidden = false;
  const scrolled = calls.querySelector("ol");
  scrolled.scrollTop = scrolled.scrollHeight;
  history.replaceState(null, "", "#" + button.id);
}

for (const strip of document.querySelectorAll(".strip")) {
  const buttons = [...strip.querySelectorAll("button")];
  buttons.forEach((button, index) => { button.tabIndex = index === 0 ? 0 : -1; });
  const focus = button => {
    for (const other of buttons) other.tabIndex = other === button ? 0 : -1;
    button.focus();
  };
  strip.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) { focus(button); show(button); }
  });
  strip.addEventListener("keydown", event => {
    const at = buttons.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next !== undefined && buttons[next]) { event.preventDefault(); focus(buttons[next]); show(buttons[next]); }
  });
}
const named = document.getElementById(location.hash.slice(1));
if (named && named.matches("button.cell")) show(named);
