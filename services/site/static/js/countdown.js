// Time left, in words. No seconds before the last hour; the server's clock is the one that counts.
import { fill, say } from "./words.js";

let offset = 0;
let onZero = () => {};
let timer;

/** Tell the countdown what time the server has. */
export function setServerTime(text) {
  const server = Date.parse(text);
  if (Number.isNaN(server)) return;
  offset = server - Date.now();
  tick();
}

export function whenZero(listener) {
  onZero = listener;
}

export function startCountdowns() {
  tick();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) tick();
  });
}

function tick() {
  clearTimeout(timer);
  let nearest = Infinity;
  for (const element of document.querySelectorAll("[data-countdown]")) {
    const left = Date.parse(element.dataset.countdown) - Date.now() - offset;
    nearest = Math.min(nearest, left);
    const words = left > 0 ? inWords(left) : say("timesUp");
    const sentence = element.dataset.sentence;
    const text = left > 0 && sentence ? fill(sentence, { time: words }) : words;
    if (element.textContent !== text) element.textContent = text;
  }
  if (nearest === Infinity) return;
  if (nearest <= 0) onZero();
  if (document.hidden) return;
  const pause = nearest < 3_660_000 ? 1_000 : 20_000;
  timer = setTimeout(tick, nearest <= 0 ? 3_000 : pause);
}

function inWords(milliseconds) {
  const seconds = Math.floor(milliseconds / 1_000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days) return `${count("day", days)} ${count("hour", hours)}`;
  if (hours) return `${count("hour", hours)} ${say("minutes", { n: minutes })}`;
  return `${say("minutes", { n: minutes })} ${say("seconds", { n: seconds % 60 })}`;
}

function count(unit, n) {
  return n === 1 ? say(unit) : say(`${unit}s`, { n });
}
