// Telling somebody: the link of the page with the words it came with, and what a supporter knows.
import { attribution } from "./attribution.js";
import { say } from "./words.js";

for (const share of document.querySelectorAll("[data-share]")) carry(share);
for (const known of document.querySelectorAll("[data-supporter-known]")) welcome(known);

/** Whoever opened the supporters' page before is told that it is theirs; the link still decides. */
function welcome(known) {
  const slug = known.dataset.supporterKnown;
  const isKnown = document.cookie.split("; ").includes(`supporter_${slug}=1`);
  const stranger = document.querySelector(`[data-supporter="${CSS.escape(slug)}"]`);
  known.hidden = !isKnown;
  if (stranger) stranger.hidden = isKnown;
}

/** Who sent this visitor is credited for those the visitor sends. */
function carry(share) {
  const plain = share.dataset.share;
  const words = new URLSearchParams(attribution()).toString();
  const full = words ? `${plain}?${words}` : plain;
  for (const link of share.querySelectorAll("a[href]")) {
    link.href = link.href.replace(encodeURIComponent(plain), encodeURIComponent(full));
  }
  const item = share.querySelector("[data-copy]");
  if (!item || !navigator.clipboard) return;
  item.hidden = false;
  item.querySelector("button").addEventListener("click", async ({ currentTarget }) => {
    await navigator.clipboard.writeText(full);
    currentTarget.textContent = say("linkCopied");
    document.getElementById("announce").textContent = say("linkCopied");
  });
}
