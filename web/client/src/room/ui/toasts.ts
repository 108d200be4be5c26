/** Short messages that come and go; a live region speaks them. */
import { signal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly urgent: boolean;
  readonly action?: { readonly label: string; run(): void } | undefined;
}

const SHOWN_MS = 7_000;
/** With something to press, or what somebody wrote, a person gets more time (WCAG 2.2.1). */
const SHOWN_LONG_MS = 25_000;
const MOST = 4;

export class Toasts {
  readonly shown = signal<readonly Toast[]>([]);
  private next = 1;

  say(text: string, options: { urgent?: boolean; long?: boolean; action?: Toast["action"] } = {}): void {
    const id = this.next++;
    const toast: Toast = { id, text, urgent: options.urgent ?? false, action: options.action };
    const others = this.shown.value.filter((shown) => shown.text !== text);
    this.shown.value = [...others, toast].slice(-MOST);
    setTimeout(() => this.dismiss(id), options.action || options.long ? SHOWN_LONG_MS : SHOWN_MS);
  }

  clear(): void {
    this.shown.value = [];
  }

  dismiss(id: number): void {
    this.shown.value = this.shown.value.filter((toast) => toast.id !== id);
  }
}
