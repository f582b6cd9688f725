// Films, sounds and galleries: what comes from elsewhere is loaded when somebody asks for it.
import { icon, say } from "./words.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-player]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  play(link);
});

for (const gallery of document.querySelectorAll("[data-carousel]")) addButtons(gallery);

/** A gallery that is wider than its place gets two buttons. */
function addButtons(gallery) {
  const strip = gallery.querySelector(".carousel__strip");
  const buttons = document.createElement("div");
  buttons.className = "carousel__buttons";
  buttons.append(button("chevron-left", "earlierPicture", () => move(strip, -1)));
  buttons.append(button("chevron-right", "laterPicture", () => move(strip, 1)));
  gallery.append(buttons);
  strip.addEventListener("keydown", (event) => {
    const ends = { Home: 0, End: strip.scrollWidth };
    if (!(event.key in ends)) return;
    event.preventDefault();
    strip.scrollTo({ left: ends[event.key] });
  });
}

function play(link) {
  const frame = document.createElement("iframe");
  frame.className = link.className;
  frame.title = link.querySelector("b")?.textContent ?? "";
  frame.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
  frame.allowFullscreen = true;
  // The player learns which site it is on, as its terms ask, and nothing of the page.
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.src = link.dataset.player;
  link.replaceWith(frame);
  frame.focus();
}

function button(name, key, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button--small";
  made.setAttribute("aria-label", say(key));
  made.append(icon(name));
  made.addEventListener("click", onClick);
  return made;
}

function move(strip, direction) {
  strip.scrollBy({ left: direction * Math.max(240, strip.clientWidth * 0.8) });
}
