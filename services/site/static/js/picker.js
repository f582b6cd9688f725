// Beside a field that takes a file stands a button that opens the campaign's library; what is
// chosen there is written into the field. Without this the path is typed or copied.
const words = document.querySelector("template[data-picker]")?.dataset;

if (words) {
  const dialog = document.createElement("dialog");
  dialog.className = "picker";
  dialog.setAttribute("aria-label", words.choose);
  document.body.append(dialog);
  let field = null;

  const close = button(words.close, () => dialog.close());
  const shown = document.createElement("div");
  dialog.append(close, shown);
  dialog.addEventListener("close", () => field?.focus());

  for (const input of document.querySelectorAll(".field--asset input:not([disabled])")) {
    input.after(
      button(words.choose, () => {
        field = input;
        dialog.showModal();
        show(words.picker);
      }),
    );
  }

  shown.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = new URLSearchParams(new FormData(event.target));
    show(`${event.target.action}?${asked}`);
  });
  shown.addEventListener("click", (event) => {
    const older = event.target.closest("[data-older]");
    const picked = event.target.closest("[data-path]");
    if (older) {
      event.preventDefault();
      show(older.href);
    }
    if (picked) pick(picked.dataset);
  });

  async function show(address) {
    shown.setAttribute("aria-busy", "true");
    const answer = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
    shown.removeAttribute("aria-busy");
    if (!answer?.ok) {
      shown.textContent = words.away;
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    shown.replaceChildren(page.querySelector("[data-picks]"));
    shown.querySelector("input[type=search]")?.focus();
  }

  function pick({ path, alt }) {
    write(field, path);
    const beside = field.name.replace(/(src|image|poster)$/, "alt");
    const described = document.getElementsByName(beside)[0];
    // What somebody wrote there is about this page; the library's own words only fill a gap.
    if (described && described !== field && !described.value) write(described, alt);
    dialog.close();
  }

  function write(input, value) {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function button(label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button--small";
    made.textContent = label;
    made.addEventListener("click", act);
    return made;
  }
}
