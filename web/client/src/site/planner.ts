/* Planning with less waiting: a line of the planner is saved as soon as it is left, dates are shown while one chooses
   them. Without this script every line has its button, and the dates are shown by a button as well. */

interface Answer {
  version?: number;
  warnings?: string[];
  said: string;
}

interface Expert {
  id: number;
  name: string;
  at: string;
}

const PAUSE_MS = 350;

export function offerPlanning(): void {
  for (const planner of document.querySelectorAll<HTMLElement>("[data-planner]")) {
    for (const form of planner.querySelectorAll<HTMLFormElement>("form[data-row]")) saveByItself(planner, form);
    waitForSaves(planner);
  }
  for (const place of document.querySelectorAll<HTMLElement>("[data-experts]")) proposeExperts(place);
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-kinds]")) keepMeetingsPrivate(form);
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-dates]")) showDates(form);
  for (const part of document.querySelectorAll<HTMLFormElement>("form:has([name=way])")) showWhatMatters(part);
}

/** One save after the other: the version that one gives is what the next begins from. */
function saveByItself(planner: HTMLElement, form: HTMLFormElement): void {
  let saved = written(form);
  const save = (pressed: boolean): void => {
    underWay = underWay.then(async () => {
      const now = written(form);
      // Leaving a field by pressing "Save" asks twice for the same.
      if (now === saved && (!pressed || form.dataset["state"] === "saved")) return;
      if (await send(planner, form)) saved = now;
    });
  };
  form.addEventListener("change", () => save(false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(true);
  });
}

/** Saves that have not been answered yet. */
let underWay: Promise<void> = Promise.resolve();

/** Whatever else is pressed while a line is being saved waits for it: both would change the same dates. */
function waitForSaves(planner: HTMLElement): void {
  planner.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.matches("[data-row]") || event.defaultPrevented || !planner.querySelector('[data-state="saving"]')) return;
    event.preventDefault();
    void underWay.then(() => form.submit());
  });
}

/** What stands in a line, but for its version. */
function written(form: HTMLFormElement): string {
  const body = fields(form);
  body.delete("version");
  return body.toString();
}

function fields(form: HTMLFormElement): URLSearchParams {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, String(value));
  return body;
}

async function send(planner: HTMLElement, form: HTMLFormElement): Promise<boolean> {
  if (!form.reportValidity()) return false;
  form.dataset["state"] = "saving";
  try {
    const request = { method: "POST", body: fields(form), headers: { Accept: "application/json" }, keepalive: true };
    const answer = await fetch(form.action, request);
    const said = (await answer.json()) as Answer;
    form.dataset["state"] = answer.ok ? "saved" : "failed";
    tell(planner, form, said.said);
    if (answer.ok) takeOver(form, said);
    return answer.ok;
  } catch {
    form.dataset["state"] = "failed";
    tell(planner, form, planner.dataset["failed"] ?? "");
    return false;
  }
}

function takeOver(form: HTMLFormElement, said: Answer): void {
  const row = form.closest<HTMLElement>("article");
  for (const field of row?.querySelectorAll<HTMLInputElement>("[name=version]") ?? []) field.value = String(said.version);
  const list = row?.querySelector("[data-row-warnings]");
  list?.replaceChildren(
    ...(said.warnings ?? []).map((text) => {
      const line = document.createElement("li");
      line.textContent = text;
      return line;
    }),
  );
}

/** Say it to those who look, in the line, and to those who listen. */
function tell(planner: HTMLElement, form: HTMLFormElement, text: string): void {
  const place = planner.querySelector("[data-planner-says]");
  const when = form.closest("article")?.querySelector(".planner__day")?.textContent?.trim() ?? "";
  if (place) place.textContent = `${when}: ${text}`;
  let note = form.querySelector<HTMLElement>("[data-row-says]");
  if (!note) {
    note = document.createElement("p");
    note.dataset["rowSays"] = "";
    note.className = "planner__says";
    form.append(note);
  }
  note.textContent = text;
}

/** People of the directory under the expert's name; whoever is chosen there is known by number. */
function proposeExperts(planner: HTMLElement): void {
  const list = document.querySelector<HTMLDataListElement>("#experts");
  if (!list) return;
  let timer = 0;
  let known: Expert[] = [];
  const ask = async (text: string): Promise<void> => {
    const answer = await fetch(`${planner.dataset["experts"] ?? ""}?q=${encodeURIComponent(text)}`);
    if (!answer.ok) return;
    known = (await answer.json()) as Expert[];
    list.replaceChildren(
      ...known.map((one) => {
        const option = document.createElement("option");
        option.value = one.name;
        option.label = one.at;
        return option;
      }),
    );
  };
  for (const field of planner.querySelectorAll<HTMLInputElement>("input[list=experts]")) {
    field.addEventListener("input", () => {
      const line = field.closest<HTMLElement>("[data-row], fieldset");
      const person = line?.querySelector<HTMLInputElement>("[name$=person]");
      const chosen = known.find((one) => one.name === field.value);
      if (person) person.value = chosen ? String(chosen.id) : "";
      clearTimeout(timer);
      if (!chosen && field.value.trim().length > 1) timer = window.setTimeout(() => void ask(field.value), PAUSE_MS);
    });
  }
}

/** A meeting is private unless somebody says otherwise. */
function keepMeetingsPrivate(form: HTMLFormElement): void {
  const kind = form.querySelector<HTMLSelectElement>("[name=kind]");
  const listed = form.querySelector<HTMLInputElement>("[name=listed]");
  if (!kind || !listed) return;
  let touched = false;
  listed.addEventListener("change", () => (touched = true));
  kind.addEventListener("change", () => {
    if (!touched) listed.checked = kind.value !== "meeting";
  });
}

function showDates(form: HTMLFormElement): void {
  const place = form.querySelector<HTMLElement>("[data-dates-shown]");
  const button = form.querySelector<HTMLButtonElement>("[data-dates-button]");
  if (!place) return;
  if (button) {
    button.hidden = true;
    button.type = "button"; // a hidden button would still be the one that Enter presses in a field
  }
  let timer = 0;
  let newest = 0;
  const ask = async (): Promise<void> => {
    const number = ++newest;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) body.append(name, String(value));
    // The dates need no title yet.
    if (!body.get("title")) body.set("title", "…");
    const answer = await fetch(form.dataset["dates"] ?? "", { method: "POST", body });
    if (answer.ok && number === newest) place.innerHTML = await answer.text();
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask().catch(() => undefined), PAUSE_MS);
  };
  form.addEventListener("change", later);
  form.addEventListener("input", later);
  later();
}

/** Hide what the chosen way does not ask. */
function showWhatMatters(form: HTMLFormElement): void {
  const look = (): void => {
    const given = new FormData(form);
    const unit = String(given.get("frequency") ?? "");
    for (const part of form.querySelectorAll<HTMLElement>("[data-way]")) part.hidden = part.dataset["way"] !== given.get("way");
    for (const part of form.querySelectorAll<HTMLElement>("[data-only]")) part.hidden = part.dataset["only"] !== unit;
    for (const part of form.querySelectorAll<HTMLElement>("[data-unless]")) part.hidden = part.dataset["unless"] === unit;
    for (const name of ["count", "until"]) {
      const field = form.querySelector<HTMLElement>(`[name=${name}]`)?.closest<HTMLElement>(".field");
      if (field) field.hidden = given.get("ends") !== name;
    }
  };
  form.addEventListener("change", look);
  look();
}
