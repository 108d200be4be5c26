import { describe, expect, it } from "vitest";
import { linkify } from "../src/room/panels/linkify";

describe("addresses in the chat", () => {
  it("become links; the sentence's end does not", () => {
    expect(linkify("Див. https://diia.gov.ua/x?a=1, дякую")).toEqual([
      { text: "Див. " },
      { text: "https://diia.gov.ua/x?a=1", href: "https://diia.gov.ua/x?a=1" },
      { text: ", дякую" },
    ]);
  });

  it("keep a bracket that they opened", () => {
    const [link] = linkify("https://uk.wikipedia.org/wiki/Вікно_(значення).");
    expect(link?.text).toBe("https://uk.wikipedia.org/wiki/Вікно_(значення)");
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "ftp://a.b", "https://", "http://[", "xhttps://a.b"])(
    "are not made of %s",
    (text) => {
      expect(linkify(text).some((part) => part.href !== undefined)).toBe(false);
    },
  );

  it("lose nothing of what was typed", () => {
    const text = 'a <img src=x> "https://a.ua/<b>" https://b.ua).';
    expect(
      linkify(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  });
});
