/* The editor of an item: its buttons for rows and the preview go to the server as they do without this script, but the
   page stays where it is, and the reader's place with it. */

export function editItems(): void {
  if (document.querySelector("[data-item-form]")) document.addEventListener("submit", (event) => void press(event));
}

async function press(event: SubmitEvent): Promise<void> {
  const button = event.submitter;
  const form = event.target;
  if (!(button instanceof HTMLButtonElement) || !("row" in button.dataset) || !(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, button)) body.append(name, String(value));
  button.disabled = true;
  try {
    const answer = await fetch(button.formAction, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = page.querySelector("[data-item-form]");
    const here = document.querySelector("[data-item-form]");
    if (!made || !here) throw new Error("This is no form.");
    here.replaceWith(made);
    goOn();
  } catch {
    // As without a script: then the browser says what is wrong.
    button.disabled = false;
    delete button.dataset["row"];
    form.requestSubmit(button);
  }
}

/** To the row that was added or moved, to the preview, or to what is wrong. */
export function goOn(): void {
  const row = document.querySelector<HTMLElement>("[data-focus-row]");
  const field = row?.querySelector<HTMLElement>("input:not([type=hidden]), textarea, select");
  (field ?? document.querySelector<HTMLElement>("[data-focus]"))?.focus();
}
