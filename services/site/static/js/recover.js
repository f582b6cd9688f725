// The ways out of a declined charge: confirm it at the bank, or use another card. Both are charged at once.
import { get, post, wait } from "./api.js";
import { confirmAtBank, mountCard } from "./stripe.js";
import { date, fill, money, page } from "./words.js";

const LOOK_MS = 1_500;
const LOOKS_MAX = 40;

export class Ways {
  /** `load` reads the pledge anew, `drawn` shows it. */
  constructor(place, { token, words, load, drawn }) {
    this.place = place;
    this.token = token;
    this.words = words;
    this.load = load;
    this.drawn = drawn;
  }

  part(name) {
    return this.place.querySelector(`[data-${name}]`);
  }

  show(pledge) {
    this.before = mark(pledge);
    const { recovery } = pledge;
    this.place.hidden = false;
    const next = recovery.nextAttemptAt && !recovery.needsAuthentication;
    this.part("next").textContent = next
      ? fill(this.words.nextTry, { day: date(recovery.nextAttemptAt, page.timezone) })
      : this.words.noNextTry;
    this.due = this.showDue();
    const bank = this.part("bank");
    bank.hidden = !recovery.needsAuthentication;
    bank.addEventListener("click", () => this.busy(() => this.passBank()));
    this.part("card").addEventListener("click", () => this.busy(() => this.openCard()));
    this.part("save").addEventListener("click", () => this.busy(() => this.saveCard()));
  }

  /** Say what will be charged, before any card is asked for: one sum for all pledges to the film. */
  async showDue() {
    const { ok, data } = await get(`/pay/${this.token}`, { Accept: "application/json" });
    if (!ok || !data.amount) return false;
    const count = data.orderIds.length;
    const sentence = count > 1 ? this.words.dueMany : this.words.dueOne;
    this.part("due").textContent = fill(sentence, { amount: money(data.amount), count });
    return true;
  }

  /** Nobody is asked for a card or a yes while the page cannot say how much it is about. */
  async requireDue() {
    if (await this.due) return;
    this.due = this.showDue();
    if (!(await this.due)) throw new Error("the sum is not known");
  }

  async busy(act) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.place.setAttribute("aria-busy", "true");
    try {
      await act();
    } catch {
      this.say(this.words.payAway);
    } finally {
      this.isBusy = false;
      this.place.setAttribute("aria-busy", "false");
    }
  }

  async passBank() {
    await this.requireDue();
    this.say(this.words.atBank);
    const { ok, data } = await post("/pledge/authenticate/start", { token: this.token });
    if (!ok) return this.refused(data.error);
    const { error } = await confirmAtBank(data);
    if (error) return this.say(this.words.bankSaidNo);
    return this.result();
  }

  async openCard() {
    this.say(this.words.openingCard);
    await this.requireDue();
    const { ok, data } = await post("/pledge/payment-method/start", {
      token: this.token,
      preferredLang: page.language,
    });
    if (!ok) return this.refused(data.error);
    if (data.checkoutUiMode === "hosted") return location.assign(data.url);
    this.session = data.sessionId;
    const others = data.otherCards ?? [];
    this.part("others").textContent = others.length ? this.words.otherCards : "";
    this.form = await mountCard(data, this.part("mount"));
    this.part("card").hidden = true;
    this.part("save").hidden = false;
    this.say("");
    this.part("mount").focus();
  }

  async saveCard() {
    this.say(this.words.savingCard);
    const saved = await this.form.confirm();
    if (saved.type === "error") return this.say(saved.error.message);
    const done = await post("/pledge/payment-method/complete", {
      token: this.token,
      sessionId: this.session,
    });
    if (!done.ok) return this.refused(done.data.error);
    return this.result();
  }

  /** Wait until the pledge says what came of it, and show that. */
  async result() {
    this.say(this.words.asking);
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      const { ok, data } = await this.load();
      if (ok && mark(data) !== this.before) return this.drawn(data);
      await wait(LOOK_MS);
    }
    return this.say(this.words.stillAsking);
  }

  async refused(reason) {
    const said = this.words[`pay_${reason}`] ?? this.words.payAway;
    this.say(said);
    if (["recovery_closed", "pledge_charged"].includes(reason)) {
      const { ok, data } = await this.load();
      if (ok) this.drawn(data, said);
    }
  }

  say(sentence) {
    this.part("told").textContent = sentence;
  }
}

/** What changes when a charge was decided; that a card was saved is not that. */
function mark(pledge) {
  const charges = pledge.history.filter((entry) => entry.type.startsWith("charge"));
  return `${pledge.pledgeStatus}:${charges.length}:${pledge.lostAt ?? ""}`;
}
