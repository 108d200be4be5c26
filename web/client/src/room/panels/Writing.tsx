/** A place to write something and send it: Enter sends, Shift and Enter begins a line; what was refused stays. */
import { SendHorizontal } from "lucide";
import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../ui/Icon";

interface Wanted {
  /** Whether it was taken. */
  readonly send: (text: string) => Promise<boolean>;
  readonly most: number;
  readonly label: string;
  readonly sendLabel: string;
  readonly testid: string;
  /** What stands above the text. */
  readonly children?: ComponentChildren;
}

export function Writing({ send, most, label, sendLabel, testid, children }: Wanted): VNode {
  const [text, setText] = useState("");
  const submit = async (): Promise<void> => {
    const wanted = text.trim();
    if (wanted && (await send(wanted))) setText("");
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void submit();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {children}
      <div class="composer__row">
        <textarea
          class="input composer__text"
          data-testid={testid}
          rows={2}
          maxLength={most}
          value={text}
          aria-label={label}
          placeholder={label}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="iconbutton iconbutton--primary" aria-label={sendLabel} title={sendLabel}>
          <Icon node={SendHorizontal} />
        </button>
      </div>
    </form>
  );
}
