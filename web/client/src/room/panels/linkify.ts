/** Finds web addresses in a line of chat. Gives parts, never HTML, so that nothing a person types becomes markup. */

export interface Part {
  readonly text: string;
  /** Set for an address; only http and https. */
  readonly href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?…»”’)\]]+$/u;

export function linkify(text: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    const href = safe(address);
    if (!href) continue;
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    parts.push({ text: address, href });
    at = match.index + address.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

function trimmed(address: string): string {
  const tail = TRAILING.exec(address)?.[0] ?? "";
  // A bracket that the address opened itself belongs to it, as in …/wiki/ЦНАП_(Україна)
  const keeps = tail.startsWith(")") && address.includes("(");
  return keeps ? address.slice(0, address.length - tail.length + 1) : address.slice(0, address.length - tail.length);
}

function safe(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
