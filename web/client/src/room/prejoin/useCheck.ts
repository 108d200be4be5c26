import { useCallback, useEffect, useState } from "preact/hooks";
import type { Session } from "../session";
import { TokenRefused } from "../signal/token";
import { signalUrl } from "../config";
import { checkLine, type CheckResult } from "./check";

const SETTLE_MS = 600;

interface Check {
  readonly result: CheckResult;
  /** The token that was fetched for the check, if it still fits the name. */
  token(): string | null;
  again(): void;
}

/** Checks the line when the page opens, and again when asked to. */
export function useCheck(session: Session): Check {
  const [result, setResult] = useState<CheckResult>({ kind: "checking" });
  const [fetched, setFetched] = useState<{ token: string; name: string } | null>(null);
  const again = useCallback(() => {
    setResult({ kind: "checking" });
    const name = session.name.value;
    session
      .token()
      .then((token) => {
        setFetched({ token, name });
        return checkLine(
          () => new WebSocket(signalUrl(session.config, location)),
          token,
          ({ recording, streaming }) => (session.keptNow.value = recording ? "recorded" : streaming ? "live" : null),
        );
      })
      .catch((error: unknown): CheckResult => {
        if (!(error instanceof TokenRefused)) return { kind: "noSignal" };
        return {
          kind: "refused",
          problem: { code: error.code, title: error.detail, detail: error.detail, retry: true },
        };
      })
      .then(setResult);
  }, [session]);
  useEffect(again, [again]);
  const name = session.name.value;
  useEffect(() => {
    // While the person looks at the camera the token for their name is fetched, so that one press is all it takes.
    const fetch = setTimeout(() => {
      if (session.config.nameFixed || name === fetched?.name || !name.trim()) return;
      session.token().then(
        (token) => setFetched({ token, name }),
        () => undefined,
      );
    }, SETTLE_MS);
    return () => clearTimeout(fetch);
  }, [name, fetched?.name]);
  const token = (): string | null =>
    fetched && (session.config.nameFixed || fetched.name === session.name.value) ? fetched.token : null;
  return { result, token, again };
}
