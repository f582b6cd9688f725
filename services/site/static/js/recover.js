// Another card for a pledge, and the ways out of a declined charge: those are charged at once.
import { get, post, wait } from "./api.js";
import { draw, look } from "./manage.js";
import { confirmAtBank, mountCard } from "./stripe.js";
import { fill, island, money, page } from "./words.js";

const LOOK_MS = 1_500;
const LOOKS_MAX = 40;
const words = island("manage-strings");
const known = new WeakMap();

/** The ways of one pledge's card, made when they are first needed. */
export function ways(place) {
  if (!known.has(place)) known.set(place, new Ways(place));
  return known.get(place);
}

/** Say of every declined charge what will be charged, before any card is asked for. */
export function meet(root) {
  for (const place of root.querySelectorAll("[data-recovers]")) ways(place).requireDue().catch(() => {});
}

class Ways {
  constructor(place) {
    this.place = place;
    this.token = place.dataset.token;
    this.key = place.closest("article").dataset.key;
  }

  get recovers() {
    return this.place.hasAttribute("data-recovers");
  }

  part(name) {
    return this.place.querySelector(`[data-${name}]`);
  }

  /** One sum for all pledges to the film. */
  async showDue() {
    const { ok, data } = await get(`/pay/${this.token}`, { Accept: "application/json" });
    if (!ok || !data.amount) return false;
    const count = data.orderIds.length;
    const sentence = count > 1 ? words.dueMany : words.dueOne;
    this.part("due").textContent = fill(sentence, { amount: money(data.amount), count });
    return true;
  }

  /** Nobody is asked for a card or a yes while the page cannot say how much it is about. */
  async requireDue() {
    this.due ??= this.showDue();
    if (await this.due) return;
    this.due = undefined;
    throw new Error("the sum is not known");
  }

  async busy(act) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.place.setAttribute("aria-busy", "true");
    try {
      await act();
    } catch {
      this.say(words.payAway);
    } finally {
      this.isBusy = false;
      this.place.setAttribute("aria-busy", "false");
    }
  }

  passBank() {
    return this.busy(async () => {
      await this.requireDue();
      this.say(words.atBank);
      const { ok, data } = await post("/pledge/authenticate/start", { token: this.token });
      if (!ok) return this.refused(data.error);
      const { error } = await confirmAtBank(data);
      if (error) return this.say(words.bankSaidNo);
      return this.result();
    });
  }

  openCard() {
    return this.busy(async () => {
      this.say(words.openingCard);
      if (this.recovers) await this.requireDue();
      const { ok, data } = await post("/pledge/payment-method/start", {
        token: this.token,
        preferredLang: page.language,
      });
      if (!ok) return this.refused(data.error);
      if (data.checkoutUiMode === "hosted") return location.assign(data.url);
      this.session = data.sessionId;
      const others = data.otherCards ?? [];
      if (this.recovers && others.length) this.part("others").textContent = words.otherCards;
      const purpose = this.part("pays-for");
      if (purpose) purpose.hidden = false;
      this.form = await mountCard(data, this.part("mount"));
      this.part("card").hidden = true;
      this.part("save").hidden = false;
      this.say("");
      this.part("mount").focus();
    });
  }

  saveCard() {
    return this.busy(async () => {
      this.say(words.savingCard);
      const saved = await this.form.confirm();
      if (saved.type === "error") return this.say(saved.error.message);
      const done = await post("/pledge/payment-method/complete", {
        token: this.token,
        sessionId: this.session,
      });
      if (!done.ok) return this.refused(done.data.error);
      return this.result();
    });
  }

  /** Wait until the pledge says what came of it, and show that. */
  async result() {
    this.say(this.recovers ? words.asking : words.writingCard);
    const before = this.mark(this.place.closest("article"));
    for (let at = 0; at < LOOKS_MAX; at += 1) {
      const part = await look();
      const fresh = part?.querySelector(`[data-key="${this.key}"]`);
      if (fresh && this.mark(fresh) !== before) return this.drawn(part, fresh);
      await wait(LOOK_MS);
    }
    return this.say(this.recovers ? words.stillAsking : words.stillWriting);
  }

  /** What changes when it is decided: the charge, or else the card that is kept. */
  mark(article) {
    return this.recovers ? article.dataset.mark : article.dataset.cardWords;
  }

  drawn(part, fresh) {
    this.form?.unmount();
    const [state] = fresh.dataset.mark.split(":");
    const said = this.recovers ? (words[`told_${state}`] ?? "") : words.cardKept;
    // The form of the card belongs to this element: what is drawn anew begins without it.
    this.place.remove();
    draw(part, said);
    document.getElementById(this.key)?.focus();
  }

  async refused(reason) {
    const said = words[`pay_${reason}`] ?? words.payAway;
    this.say(said);
    if (["recovery_closed", "pledge_charged"].includes(reason)) {
      const part = await look();
      if (part) this.drawn(part, part.querySelector(`[data-key="${this.key}"]`));
    }
  }

  say(sentence) {
    this.part("told").textContent = sentence;
  }
}
