/** Group rooms, for who leads the meeting: open, look in, say something to all, bring everybody back. */
import type { VNode } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { order } from "../actions";
import { fetchGroups, GroupsRefused, orderGroups, type PreparedGroups } from "../groups/api";
import { groupTitle } from "../meeting/groups";
import type { Meeting } from "../meeting/state";
import { may } from "../meeting/state";
import { useSession } from "../ui/context";
import { Dialog } from "../ui/Dialog";
import type { GroupsSeen } from "../../generated/messages";

export function Groups({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t, view } = session;
  const { groups } = meeting;
  const leads = may(meeting.participants.get(meeting.self), "moderate");
  return (
    <Dialog title={t("groups.title")} wide onClose={() => (view.dialog.value = null)}>
      {groups?.open && leads ? <Running groups={groups} /> : <Prepared />}
    </Dialog>
  );
}

/** Before: what was made, and the one press. */
function Prepared(): VNode {
  const { t, config } = useSession();
  const [prepared, setPrepared] = useState<PreparedGroups | null>(null);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const failed = (error: unknown): void => {
    setBusy(false);
    setFailure((error instanceof GroupsRefused && error.message) || t("groups.failed"));
  };
  const load = (): void => {
    setFailure("");
    fetchGroups(config).then(setPrepared, failed);
  };
  useEffect(load, []);
  const open = (): void => {
    setBusy(true);
    setFailure("");
    orderGroups(config, "open").then(setPrepared, failed);
  };
  return (
    <>
      {failure && (
        <p class="rollcall__failure" role="alert">
          {failure}
        </p>
      )}
      {!prepared && !failure && <p role="status">{t("groups.loading")}</p>}
      {prepared && prepared.groups.length === 0 && <p>{t("groups.none")}</p>}
      {prepared && prepared.groups.length > 0 && (
        <>
          <p class="sheet__note">{t("groups.ready")}</p>
          <ul class="groups">
            {prepared.groups.map((group) => (
              <li key={group.number} class="groups__one">
                <span class="groups__what">
                  {group.number}. {group.name}
                </span>
                <span class="sheet__note">{t("groups.members", { count: group.members })}</span>
              </li>
            ))}
          </ul>
          {prepared.unassigned > 0 && <p class="sheet__note">{t("groups.unassigned", { count: prepared.unassigned })}</p>}
        </>
      )}
      <div class="sheet__actions">
        {config.groupsPage && (
          <a class="button" href={config.groupsPage} target="_blank" rel="noopener">
            {t("groups.make")}
          </a>
        )}
        <button type="button" class="button" onClick={load}>
          {t("groups.reload")}
        </button>
        <button
          type="button"
          class="button button--accent"
          disabled={busy || !prepared || prepared.groups.length === 0}
          aria-busy={busy}
          data-testid="groups-open"
          onClick={open}
        >
          {t("groups.open")}
        </button>
      </div>
    </>
  );
}

/** While they are open. */
function Running({ groups }: { readonly groups: GroupsSeen }): VNode {
  const session = useSession();
  const { t, config } = session;
  const [failure, setFailure] = useState("");
  const closing = groups.closes_at !== null;
  const close = (): void => {
    setFailure("");
    orderGroups(config, closing ? "close_now" : "close").catch((error: unknown) => {
      setFailure((error instanceof GroupsRefused && error.message) || t("groups.failed"));
    });
  };
  return (
    <>
      {failure && (
        <p class="rollcall__failure" role="alert">
          {failure}
        </p>
      )}
      <ul class="groups">
        <Row
          title={groups.title ? `${t("groups.main")}: ${groups.title}` : t("groups.main")}
          people={groups.people}
          here={groups.here === null}
          go={() => session.home()}
        />
        {groups.rooms.map((group) => (
          <Row
            key={group.number}
            title={groupTitle(group)}
            people={group.people}
            here={groups.here === group.number}
            go={() => void session.visit(group)}
          />
        ))}
      </ul>
      <Word />
      <div class="sheet__actions">
        {config.groupsPage && (
          <a class="button" href={config.groupsPage} target="_blank" rel="noopener">
            {t("groups.make")}
          </a>
        )}
        {config.groupsUrl && (
          <button
            type="button"
            class="button button--danger"
            data-testid="groups-close"
            onClick={close}
          >
            {t(closing ? "groups.closeNow" : "groups.close")}
          </button>
        )}
      </div>
    </>
  );
}

interface RowProps {
  readonly title: string;
  readonly people: readonly string[];
  readonly here: boolean;
  readonly go: () => void;
}

function Row({ title, people, here, go }: RowProps): VNode {
  const { t } = useSession();
  return (
    <li class="groups__one">
      <div class="groups__what">
        <h3>{title}</h3>
        <p class="sheet__note">{people.length > 0 ? people.join(", ") : t("groups.empty")}</p>
      </div>
      {here ? (
        <span class="chip chip--quiet">{t("groups.here")}</span>
      ) : (
        <button type="button" class="button button--small" onClick={go}>
          {t("groups.lookIn")}
          <span class="visually-hidden">: {title}</span>
        </button>
      )}
    </li>
  );
}

/** Something for everybody, wherever they are. */
function Word(): VNode {
  const session = useSession();
  const { t } = session;
  const [text, setText] = useState("");
  const id = useId();
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (text.trim() && (await order(session, { do: "tell_groups", text: text.trim() }))) setText("");
  };
  return (
    <form class="groups__word" onSubmit={(event) => void send(event)}>
      <div class="field">
        <label class="field__label" for={id}>
          {t("groups.word")}
        </label>
        <input id={id} class="input" maxLength={500} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </div>
      <button type="submit" class="button" disabled={!text.trim()}>
        {t("groups.send")}
      </button>
    </form>
  );
}
