/** Questions to those who lead: asked, wanted by others too, answered. */
import { Check, ChevronUp, Mic, X } from "lucide";
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import type { MoveQuestion, Question } from "../../generated/messages";
import { ask, order, vote } from "../actions";
import type { Meeting } from "../meeting/state";
import { may } from "../meeting/state";
import { useSession } from "../ui/context";
import { Icon } from "../ui/Icon";
import { written } from "../ui/names";
import { sorted } from "../words/questions";
import { Panel } from "./Panel";
import { Writing } from "./Writing";

const MOST_CHARACTERS = 600;

export function Questions({ meeting }: { readonly meeting: Meeting }): VNode {
  const { t } = useSession();
  const { waiting, open, answered } = sorted(meeting.questions);
  return (
    <Panel title={t("questions.title")} name="questions">
      <div class="panel__scroll questions" data-testid="questions-list">
        {meeting.questions.length === 0 && <p class="panel__empty">{t("questions.empty")}</p>}
        <Part title={t("questions.waiting", { count: waiting.length })} questions={waiting} meeting={meeting} />
        <Part title={t("questions.open")} questions={open} meeting={meeting} />
        {answered.length > 0 && (
          <details class="questions__answered">
            <summary>{t("questions.answered", { count: answered.length })}</summary>
            <List questions={answered} meeting={meeting} label={t("questions.answered", { count: answered.length })} />
          </details>
        )}
      </div>
      <Composer meeting={meeting} />
    </Panel>
  );
}

interface PartProps {
  readonly title: string;
  readonly questions: readonly Question[];
  readonly meeting: Meeting;
}

function Part({ title, questions, meeting }: PartProps): VNode | null {
  if (questions.length === 0) return null;
  return (
    <section>
      <h3 class="panel__part">{title}</h3>
      <List questions={questions} meeting={meeting} label={title} />
    </section>
  );
}

function List({ questions, meeting, label }: Omit<PartProps, "title"> & { readonly label: string }): VNode {
  return (
    <ul aria-label={label}>
      {questions.map((question) => (
        <One key={question.id} question={question} meeting={meeting} />
      ))}
    </ul>
  );
}

function One({ question, meeting }: { readonly question: Question; readonly meeting: Meeting }): VNode {
  const { t } = useSession();
  const words = useId();
  const asker = question.participant === null ? t("questions.byViewer", { name: question.name }) : written(question);
  return (
    <li class={`question question--${question.status}`} data-testid="question">
      <p class="question__head">
        <strong>{question.participant === meeting.self ? t("chat.you") : asker}</strong>
        {question.status === "answering" && <span class="question__now">{t("questions.now")}</span>}
      </p>
      <p class="question__text" id={words}>
        {question.text}
      </p>
      <div class="question__acts">
        {(question.status === "open" || question.status === "answering") && (
          <VoteButton question={question} meeting={meeting} describedBy={words} />
        )}
        {may(meeting.participants.get(meeting.self), "moderate") && <Moves question={question} describedBy={words} />}
      </div>
    </li>
  );
}

interface ActProps {
  readonly question: Question;
  readonly describedBy: string;
}

function VoteButton({ question, meeting, describedBy }: ActProps & { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const wanted = meeting.voted.has(question.id);
  const own = question.participant === meeting.self;
  return (
    <button
      type="button"
      class={`button button--small question__vote${wanted ? " question__vote--on" : ""}`}
      aria-pressed={wanted}
      aria-describedby={describedBy}
      aria-label={t("questions.vote", { count: question.votes })}
      title={t("questions.vote", { count: question.votes })}
      disabled={own}
      data-testid="question-vote"
      onClick={() => void vote(session, question.id, !wanted)}
    >
      <Icon node={ChevronUp} size={16} /> {question.votes}
    </button>
  );
}

function Moves({ question, describedBy }: ActProps): VNode {
  const session = useSession();
  const { t } = session;
  const move = (status: MoveQuestion["status"]) => void order(session, { do: "question", question: question.id, status });
  return (
    <>
      {question.status === "waiting" && (
        <button
          type="button"
          class="button button--small"
          aria-describedby={describedBy}
          data-testid="question-let-in"
          onClick={() => move("open")}
        >
          <Icon node={Check} size={16} /> {t("questions.letIn")}
        </button>
      )}
      {question.status === "open" && (
        <button
          type="button"
          class="button button--small"
          aria-describedby={describedBy}
          data-testid="question-answer"
          onClick={() => move("answering")}
        >
          <Icon node={Mic} size={16} /> {t("questions.answerNow")}
        </button>
      )}
      {(question.status === "answering" || question.status === "open") && (
        <button
          type="button"
          class="button button--small"
          aria-describedby={describedBy}
          data-testid="question-done"
          onClick={() => move("answered")}
        >
          <Icon node={Check} size={16} /> {t("questions.done")}
        </button>
      )}
      {question.status === "answered" && (
        <button type="button" class="button button--small" aria-describedby={describedBy} onClick={() => move("open")}>
          {t("questions.again")}
        </button>
      )}
      <button
        type="button"
        class="iconbutton iconbutton--small"
        aria-label={t("questions.dismiss")}
        aria-describedby={describedBy}
        title={t("questions.dismiss")}
        onClick={() => move("dismissed")}
      >
        <Icon node={X} size={16} />
      </button>
    </>
  );
}

function Composer({ meeting }: { readonly meeting: Meeting }): VNode {
  const session = useSession();
  const { t } = session;
  const self = meeting.participants.get(meeting.self);
  if (!may(self, "ask") || (!meeting.state.questions_enabled && !may(self, "moderate"))) {
    return <p class="chat__closed">{t("questions.closed")}</p>;
  }
  return (
    <Writing
      send={(text) => ask(session, text)}
      most={MOST_CHARACTERS}
      label={t("questions.write")}
      sendLabel={t("questions.send")}
      testid="question-input"
    />
  );
}
