// The form of the card step: what is missing, said next to the field and in one summary.
import { icon, say } from "./words.js";

const EMAIL = /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/;
const ZIP = /^\d{5}(-?\d{4})?$/;

export class Fields {
  constructor(form) {
    this.form = form;
    this.address = form.querySelector("[data-address]");
    this.usOnly = form.querySelector("[data-us-only]");
    this.region = form.elements.region;
    form.elements.country.addEventListener("change", () => this.onCountry());
    form.elements.postalCode.addEventListener("blur", () => this.checkOne("postalCode"));
  }

  /** Ask for an address only when something is posted. */
  needAddress(isNeeded) {
    this.address.hidden = !isNeeded;
    this.address.disabled = !isNeeded;
  }

  onCountry() {
    const isUs = this.form.elements.country.value === "US";
    this.usOnly.closest(".field").hidden = !isUs;
    this.usOnly.disabled = !isUs;
    this.region.closest(".field").hidden = isUs;
    this.region.disabled = isUs;
  }

  /** What is wrong now, as `{id, message}` in the order of the form. */
  problems() {
    const found = [];
    for (const input of this.form.querySelectorAll("input[required], select[required]")) {
      const message = input.matches(":disabled") ? "" : this.wrong(input);
      if (message) found.push({ id: input.id, message });
    }
    return found;
  }

  wrong(input) {
    const value = input.value.trim();
    const { id } = input;
    if (id === "email") return !value ? say("emailMissing") : EMAIL.test(value) ? "" : say("emailWrong");
    if (!value) return say("fieldMissing", { label: this.label(input) });
    const isUs = this.form.elements.country.value === "US";
    return id === "postalCode" && isUs && !ZIP.test(value) ? say("zipWrong") : "";
  }

  label(input) {
    return this.form.querySelector(`label[for=${input.id}]`).firstChild.textContent.trim();
  }

  /** Show each problem in place of its hint; clear the others. */
  mark(problems) {
    for (const input of this.form.querySelectorAll(".field__input")) {
      const problem = problems.find(({ id }) => id === input.id);
      this.tell(input, problem?.message ?? "");
    }
  }

  /** Somebody is correcting: take the error away as soon as it is one no more. */
  recheck(input) {
    if (input.getAttribute("aria-invalid") === "true") this.tell(input, this.wrong(input));
  }

  checkOne(id) {
    const input = this.form.elements[id];
    if (input.value && !input.matches(":disabled")) this.tell(input, this.wrong(input));
  }

  tell(input, message) {
    const hint = document.getElementById(`${input.id}-hint`);
    if (!hint) return;
    input.setAttribute("aria-invalid", String(Boolean(message)));
    hint.className = message ? "field__error" : "field__hint";
    hint.replaceChildren(...(message ? [icon("circle-alert")] : []), message || hint.dataset.hint);
  }

  email() {
    return this.form.elements.email.value.trim();
  }

  /** The address in the names of the public JSON, or nothing when nothing is posted. */
  shippingAddress() {
    if (this.address.disabled) return undefined;
    const value = (name) => this.form.elements[name].value.trim();
    return {
      name: value("name"),
      address1: value("address1"),
      address2: value("address2"),
      city: value("city"),
      province: value("country") === "US" ? value("province") : value("region"),
      postalCode: value("postalCode"),
      country: value("country"),
    };
  }
}
