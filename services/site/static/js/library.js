// The media library: says at once what would be refused, and that a file is on its way; and looks
// again while pictures are being scaled. Without it the forms work just the same.
const LOOK_AGAIN_MS = 2000;
const TRIES_MAX = 30;

for (const form of document.querySelectorAll("[data-upload]")) {
  const status = form.querySelector("[data-upload-status]");
  form.addEventListener("submit", () => {
    status.textContent = status.dataset.sending;
    form.querySelector("button[type=submit]").setAttribute("aria-disabled", "true");
  });
  // Whoever comes back finds a form that can be sent again.
  addEventListener("pageshow", () => {
    status.textContent = "";
    form.querySelector("button[type=submit]").removeAttribute("aria-disabled");
  });
}

const lookAgain = async (tries) => {
  const grid = document.querySelector("[data-library][data-processing]");
  if (!grid || tries > TRIES_MAX) return;
  if (!document.hidden) {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-library]");
      if (fresh && !grid.contains(document.activeElement)) grid.replaceWith(fresh);
    }
  }
  setTimeout(() => lookAgain(tries + 1), LOOK_AGAIN_MS);
};

setTimeout(() => lookAgain(1), LOOK_AGAIN_MS);
