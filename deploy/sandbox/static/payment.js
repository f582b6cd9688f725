// The Payment Element's inside: the card's inputs, checked here, sent to the sandbox from here.
import { ask, language, listen, tell } from "/static/inside.js";
import { applyAppearance } from "/static/appearance.js";

const WORDS = {
  en: {
    number: "Card number",
    expiry: "Expiration date",
    expiryShape: "MM / YY",
    cvc: "Security code",
    country: "Country",
    postal: "ZIP or postal code",
    incompleteNumber: "Your card number is incomplete.",
    invalidNumber: "Your card number is invalid.",
    incompleteExpiry: "Your card's expiration date is incomplete.",
    incompleteCvc: "Your card's security code is incomplete.",
    incompletePostal: "Your postal code is incomplete.",
    terms: "Your card is saved so that it can be charged later, as the page beside this says.",
  },
  es: {
    number: "Número de tarjeta",
    expiry: "Fecha de vencimiento",
    expiryShape: "MM / AA",
    cvc: "Código de seguridad",
    country: "País",
    postal: "Código postal",
    incompleteNumber: "El número de tarjeta está incompleto.",
    invalidNumber: "El número de tarjeta no es válido.",
    incompleteExpiry: "La fecha de vencimiento está incompleta.",
    incompleteCvc: "El código de seguridad está incompleto.",
    incompletePostal: "El código postal está incompleto.",
    terms: "Tu tarjeta se guarda para poder cobrarla más tarde, como dice la página.",
  },
};
const COUNTRIES = ["US", "CA", "MX", "ES", "GB", "IE", "FR", "DE", "IT", "PT", "AR", "CL", "CO"];
const WITH_POSTAL = ["US", "CA", "GB"];
const BRANDS = [
  [/^3[47]/, "Amex", [4, 6, 5]],
  [/^4/, "Visa"],
  [/^(5[1-5]|2[2-7])/, "Mastercard"],
  [/^(6011|65|64[4-9])/, "Discover"],
  [/^3(0|6|8)/, "Diners"],
  [/^35/, "JCB"],
  [/^62/, "UnionPay"],
];

const words = WORDS[language];
const byId = (id) => document.getElementById(id);
const inputs = { number: byId("number"), expiry: byId("expiry"), cvc: byId("cvc") };
const country = byId("country");
const postal = byId("postal");
let asksAddress = true;
let lastState = "";
let isReady = false;

const digitsOf = (input) => input.value.replace(/\D/g, "");
const brandOf = (digits) => BRANDS.find(([pattern]) => pattern.test(digits));

function passesLuhn(digits) {
  const values = [...digits].reverse().map((digit, place) => {
    const value = Number(digit) * (1 + (place % 2));
    return value > 9 ? value - 9 : value;
  });
  return values.reduce((sum, value) => sum + value, 0) % 10 === 0;
}

function expiry() {
  const digits = digitsOf(inputs.expiry);
  return { month: Number(digits.slice(0, 2)), year: 2000 + Number(digits.slice(2, 4)), digits };
}

// What is wrong with each field, or nothing.
const checks = {
  number() {
    const digits = digitsOf(inputs.number);
    const isAmex = brandOf(digits)?.[1] === "Amex";
    if (digits.length < (isAmex ? 15 : 14)) return words.incompleteNumber;
    return passesLuhn(digits) ? "" : words.invalidNumber;
  },
  expiry() {
    const { month, digits } = expiry();
    return digits.length < 4 || month < 1 || month > 12 ? words.incompleteExpiry : "";
  },
  cvc() {
    const isAmex = brandOf(digitsOf(inputs.number))?.[1] === "Amex";
    return digitsOf(inputs.cvc).length < (isAmex ? 4 : 3) ? words.incompleteCvc : "";
  },
  postal() {
    const isNeeded = asksAddress && WITH_POSTAL.includes(country.value);
    return isNeeded && postal.value.trim().length < 3 ? words.incompletePostal : "";
  },
};

function showError(name, message) {
  const input = byId(name);
  byId(`${name}-error`).textContent = message;
  input.classList.toggle("Input--invalid", Boolean(message));
  input.setAttribute("aria-invalid", String(Boolean(message)));
  reportHeight();
}

function validate() {
  const wrong = Object.keys(checks).map((name) => [name, checks[name]()]);
  for (const [name, message] of wrong) showError(name, message);
  const first = wrong.find(([, message]) => message);
  if (first) byId(first[0]).focus();
  return first ? first[1] : null;
}

function reportChange() {
  const complete = Object.values(checks).every((check) => !check());
  const empty = Object.values(inputs).every((input) => !input.value);
  const state = `${complete}${empty}`;
  if (state === lastState) return;
  lastState = state;
  tell("change", { complete, empty, collapsed: false, value: { type: "card" } });
}

function reportHeight() {
  tell("height", Math.ceil(document.body.getBoundingClientRect().height));
}

function groupNumber(digits) {
  const [, name = "", groups = [4, 4, 4, 4, 3]] = brandOf(digits) ?? [];
  byId("brand").textContent = name;
  const parts = [];
  let start = 0;
  for (const length of groups) {
    if (start >= digits.length) break;
    parts.push(digits.slice(start, start + length));
    start += length;
  }
  return parts.join(" ");
}

function keepCaret(input, shown) {
  const isAtEnd = input.selectionStart === input.value.length;
  const caret = input.selectionStart;
  input.value = shown;
  if (!isAtEnd) input.setSelectionRange(caret, caret);
}

const shapes = {
  number: (digits) => groupNumber(digits.slice(0, 19)),
  expiry(digits) {
    const shown = /^[2-9]/.test(digits) ? `0${digits}` : digits;
    return shown.length > 2 ? `${shown.slice(0, 2)} / ${shown.slice(2, 4)}` : shown;
  },
  cvc: (digits) => digits.slice(0, 4),
};

async function submit({ clientSecret, email, phone, billing, shipping }) {
  const message = validate();
  if (message) return { error: { type: "validation_error", message } };
  const { month, year } = expiry();
  const address = { country: country.value, postal_code: postal.value.trim() || null };
  return ask("confirm", {
    clientSecret,
    card: {
      number: digitsOf(inputs.number),
      exp_month: month,
      exp_year: year,
      cvc: digitsOf(inputs.cvc),
    },
    email,
    phone,
    name: billing?.name ?? shipping?.name,
    address: billing?.address ?? (asksAddress ? address : undefined),
    shipping: shipping ?? undefined,
  });
}

function configure({ appearance, fonts, options }) {
  applyAppearance(appearance ?? {}, fonts ?? []);
  const details = options?.fields?.billingDetails;
  asksAddress = details !== "never" && details?.address !== "never";
  byId("address").hidden = !asksAddress;
  byId("terms").hidden = options?.terms?.card === "never";
  reportHeight();
  if (!isReady) tell("ready", {});
  isReady = true;
}

for (const node of document.querySelectorAll("[data-word]")) {
  node.textContent = words[node.dataset.word];
}
inputs.expiry.placeholder = words.expiryShape;
const regions = new Intl.DisplayNames([language], { type: "region" });
country.append(...COUNTRIES.map((code) => new Option(regions.of(code), code)));
for (const [name, input] of Object.entries(inputs)) {
  input.addEventListener("input", () => {
    keepCaret(input, shapes[name](digitsOf(input)));
    if (byId(`${name}-error`).textContent) showError(name, checks[name]());
    reportChange();
  });
}
for (const input of [country, postal]) input.addEventListener("input", reportChange);
for (const [name, input] of Object.entries({ ...inputs, postal })) {
  input.addEventListener("focus", () => tell("focus", {}));
  input.addEventListener("blur", () => {
    tell("blur", {});
    if (input.value) showError(name, checks[name]());
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tell("escape", {});
});
new ResizeObserver(reportHeight).observe(document.body);
listen({
  configure,
  validate,
  submit,
  focus: () => inputs.number.focus(),
  blur: () => document.activeElement?.blur(),
  clear() {
    for (const input of [...Object.values(inputs), postal]) input.value = "";
    byId("brand").textContent = "";
    reportChange();
  },
});
