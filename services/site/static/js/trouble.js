// What a refusal means to a person: a title, a hint, and nothing lost.
import { money, say } from "./words.js";
import { slugOf } from "./cart.js";

/** Turn an answer that is not ok into words. `cart` names the things in it. */
export function explain(answer, cart) {
  const { error = "", tierId, campaignSlug, totals } = answer.data;
  const item = cart.items.find((each) => each.id === `${campaignSlug}__${tierId}`);
  const film = cart.items.find((each) => slugOf(each) === campaignSlug);
  if (error === "price_changed") {
    const hint = say("priceChangedHint", { amount: money(totals.amount) });
    return { title: say("priceChanged"), text: hint };
  }
  if (error === "sold_out") {
    const title = item ? say("soldOut", { name: item.name }) : say("soldOutPlain");
    return { title, text: say("soldOutHint") };
  }
  if (error === "not_live" || error === "deadline_passed") {
    return { title: say("notLive", { title: film?.title ?? "" }), text: say("notLiveHint") };
  }
  if (error === "threshold_locked") return { title: say("locked"), text: say("soldOutHint") };
  if (error === "offline") return { title: say("offline"), text: say("offlineHint") };
  if (answer.status === 429 || answer.status === 503) {
    return { title: say("busy"), text: say("busyHint") };
  }
  if (answer.status === 400) return { title: say("badCart"), text: say("badCartHint") };
  return { title: say("failed"), text: say("failedHint") };
}

/** Show a problem in a notice and move focus to it; `fields` are links to what needs fixing. */
export function showProblem(root, { title, text = "", fields = [] }) {
  const notice = root.querySelector("[data-problem]");
  notice.querySelector("[data-problem-title]").textContent = title;
  notice.querySelector("[data-problem-text]").textContent = text;
  notice.querySelector("[data-problem-fields]").replaceChildren(
    ...fields.map(({ id, message }) => {
      const link = Object.assign(document.createElement("a"), { href: `#${id}`, textContent: message });
      link.addEventListener("click", (event) => {
        event.preventDefault();
        document.getElementById(id).focus();
      });
      const line = document.createElement("li");
      line.append(link);
      return line;
    }),
  );
  notice.hidden = false;
  notice.focus();
}

export function hideProblem(root) {
  root.querySelector("[data-problem]").hidden = true;
}
