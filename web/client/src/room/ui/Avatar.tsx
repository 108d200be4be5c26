/** Initials on a calm ground, always the same for the same name. */
import type { VNode } from "preact";

const GROUNDS = 8;

export function initials(name: string): string {
  const words = name.split(/[\s\-–—]+/u).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters
    .map((word) => [...(word ?? "").replace(/^[^\p{L}\p{N}]+/u, "")][0] ?? "")
    .join("")
    .toUpperCase();
}

export function groundOf(name: string): number {
  let sum = 7;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % GROUNDS;
}

export function Avatar({ name }: { readonly name: string }): VNode {
  return (
    <span class={`avatar avatar--${groundOf(name)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
