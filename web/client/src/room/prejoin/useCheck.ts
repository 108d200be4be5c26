import { useCallback, useEffect, useState } from "preact/hooks";
import type { Session } from "../session";
import { TokenRefused } from "../signal/token";
import { signalUrl } from "../config";
import { checkLine, type CheckResult } from "./check";

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
        return checkLine(() => new WebSocket(signalUrl(session.config, location)), token);
      })
      .catch((error: unknown): CheckResult => {
        if (!(error instanceof TokenRefused)) return { kind: "noSignal" };
        return { kind: "refused", problem: { code: error.code, title: error.detail, detail: error.detail, retry: true } };
      })
      .then(setResult);
  }, [session]);
  useEffect(again, [again]);
  const token = (): string | null =>
    fetched && (session.config.nameFixed || fetched.name === session.name.value) ? fetched.token : null;
  return { result, token, again };
}
