/** Buttons that copy a link; hidden where the browser cannot. */
export function offerCopying(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    copies(button, () => button.dataset["copy"] ?? "");
  }
}

/** Let a hidden button copy what `text` says when it is pressed. */
export function copies(button: HTMLButtonElement, text: () => string): void {
  if (!navigator.clipboard) return;
  const label = button.textContent ?? "";
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = button.dataset["copied"] ?? label;
    setTimeout(() => {
      button.textContent = label;
    }, 2500);
  });
}
