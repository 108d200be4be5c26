/** Who sits behind this endpoint: the centre's people with ticks, names besides, and a head-count. */
import type { VNode } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import {
  fetchRollCall,
  keyOf,
  listed,
  orderOf,
  type RollCall,
  RollCallRefused,
  sendRollCall,
} from "../rollcall/rollcall";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";

export function WhoIsHere(): VNode {
  const session = useSession();
  const { t, view, config } = session;
  const [call, setCall] = useState<RollCall | null>(null);
  const [failure, setFailure] = useState("");
  const failed = (error: unknown): void => {
    setFailure((error instanceof RollCallRefused && error.message) || t("rollcall.failed"));
  };
  const load = (): void => {
    setFailure("");
    fetchRollCall(config).then(setCall, failed);
  };
  useEffect(load, []);
  const close = (): void => {
    view.dialog.value = null;
  };
  return (
    <Dialog title={t("rollcall.title")} onClose={close}>
      {failure && (
        <p class="rollcall__failure" role="alert">
          {failure}
        </p>
      )}
      {call ? (
        <Form call={call} failed={failed} close={close} />
      ) : failure ? (
        <div class="sheet__actions">
          <button type="button" class="button" onClick={load}>
            {t("device.again")}
          </button>
        </div>
      ) : (
        <p role="status">{t("rollcall.loading")}</p>
      )}
    </Dialog>
  );
}

interface FormProps {
  readonly call: RollCall;
  readonly failed: (error: unknown) => void;
  readonly close: () => void;
}

function Form({ call, failed, close }: FormProps): VNode {
  const { t, config, toasts } = useSession();
  const [ticked, setTicked] = useState(listed(call));
  const [names, setNames] = useState("");
  const [heads, setHeads] = useState(call.head_count === null ? "" : String(call.head_count));
  const [busy, setBusy] = useState(false);
  const ids = useId();
  const toggle = (key: string, on: boolean): void => {
    const next = new Set(ticked);
    if (on) next.add(key);
    else next.delete(key);
    setTicked(next);
  };
  const save = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    sendRollCall(config, orderOf(call, ticked, names, heads)).then(
      () => {
        close();
        toasts.say(t("rollcall.saved"));
      },
      (error: unknown) => {
        setBusy(false);
        failed(error);
      },
    );
  };
  return (
    <form class="rollcall" onSubmit={save}>
      <p class="sheet__note">{t("rollcall.text", { organisation: call.organisation_name })}</p>
      {call.people.length > 0 ? (
        <ul class="rollcall__people">
          {call.people.map((person) => {
            const key = keyOf(person);
            return (
              <li key={key}>
                <label class="rollcall__one">
                  <input
                    type="checkbox"
                    checked={ticked.has(key)}
                    onChange={(event) => toggle(key, event.currentTarget.checked)}
                  />
                  <span>{person.name}</span>
                </label>
              </li>
            );
          })}
        </ul>
      ) : (
        <p>{t("rollcall.nobody")}</p>
      )}
      <div class="field">
        <label class="field__label" for={`${ids}-names`}>
          {t("rollcall.others")}
        </label>
        <textarea
          id={`${ids}-names`}
          class="input rollcall__names"
          rows={2}
          value={names}
          onInput={(event) => setNames(event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <label class="field__label" for={`${ids}-heads`}>
          {t("rollcall.heads")}
        </label>
        <input
          id={`${ids}-heads`}
          class="input rollcall__heads"
          inputMode="numeric"
          pattern="[0-9]{0,5}"
          value={heads}
          onInput={(event) => setHeads(event.currentTarget.value)}
        />
      </div>
      <div class="sheet__actions">
        <button type="button" class="button" onClick={close}>
          {t("close")}
        </button>
        <button type="submit" class="button button--primary" aria-busy={busy} disabled={busy} data-testid="rollcall-save">
          {t("rollcall.save")}
        </button>
      </div>
    </form>
  );
}
