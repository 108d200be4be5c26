/** On the page that checks files: drop one on the form, or paste the text of a credential anywhere on the page. */
export function offerDropping(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-drop]");
  const input = form?.querySelector<HTMLInputElement>('input[type="file"]');
  const text = form?.querySelector<HTMLTextAreaElement>("textarea");
  const told = form?.querySelector<HTMLElement>("[data-drop-told]");
  if (!form || !input || !text || !told) return;
  const say = (words: string | undefined, name = ""): void => {
    told.textContent = (words ?? "").replace("{name}", name);
  };
  for (const hint of form.querySelectorAll<HTMLElement>("[data-drop-hint]")) hint.hidden = false;
  let depth = 0;
  const mark = (by: number): void => {
    depth = Math.max(0, depth + by);
    form.classList.toggle("drop--over", depth > 0);
  };
  form.addEventListener("dragenter", () => mark(1));
  form.addEventListener("dragleave", () => mark(-1));
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    const given = event.dataTransfer;
    const file = given?.files.item(0);
    if (given && file) {
      input.files = given.files;
      say(form.dataset["dropped"], file.name);
      form.requestSubmit();
    } else if (given) {
      take(given.getData("text"));
    }
  });
  document.addEventListener("paste", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    const file = event.clipboardData?.files.item(0);
    if (file && event.clipboardData) {
      input.files = event.clipboardData.files;
      say(form.dataset["dropped"], file.name);
    } else {
      take(event.clipboardData?.getData("text") ?? "");
    }
  });

  function take(pasted: string): void {
    const credential = pasted.trim();
    if (!text || !(credential.startsWith("{") || /^[\w-]+\.[\w-]+\.[\w-]+$/.test(credential))) return;
    text.value = credential;
    const fold = text.closest("details");
    if (fold) fold.open = true;
    say(form?.dataset["pasted"]);
    form?.querySelector<HTMLButtonElement>("button.button--primary")?.focus();
  }
}
