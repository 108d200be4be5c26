/* A form that is kept when the page is left: a clerk looks up to serve somebody, the phone goes dark, nothing is lost.
   Without this script, what was chosen is kept by the form's button alone. */

export type Outcome = "kept" | "refused" | "lost";

/** Knows whether there is something to keep, and keeps it once. */
export class Keeper {
  #changed = false;

  constructor(
    private readonly send: () => Promise<Outcome>,
    private readonly tell: (outcome: Outcome) => void,
  ) {}

  /** Something was chosen or typed. */
  change(): void {
    this.#changed = true;
  }

  /** The form goes its usual way. */
  submit(): void {
    this.#changed = false;
  }

  /** The page is left, perhaps for a moment. */
  async leave(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    const outcome = await this.send();
    if (outcome !== "kept") this.#changed = true;
    this.tell(outcome);
  }
}

export function keepWhenLeft(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-keep]")) keep(form);
}

function keep(form: HTMLFormElement): void {
  const status = form.querySelector<HTMLElement>("[data-keep-status]");
  const keeper = new Keeper(
    () => send(form),
    (outcome) => {
      // What is refused says why when the button is pressed.
      if (status) status.textContent = { kept: status.dataset["kept"], lost: status.dataset["lost"], refused: "" }[outcome] ?? "";
    },
  );
  form.addEventListener("change", () => keeper.change());
  form.addEventListener("input", () => keeper.change());
  form.addEventListener("submit", () => keeper.submit());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void keeper.leave();
  });
}

async function send(form: HTMLFormElement): Promise<Outcome> {
  const body = new URLSearchParams({ quiet: "1" });
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  try {
    const answer = await fetch(form.action, { method: "POST", body, keepalive: true });
    return answer.status === 204 ? "kept" : "refused";
  } catch {
    return "lost";
  }
}
