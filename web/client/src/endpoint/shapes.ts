/** What `/api/endpoint/*` answers (`web/api/endpoint.py`). */

export interface Entry {
  slug: string;
  meeting: string;
  title: string;
  kind: string;
  status: string;
  live: boolean;
  starts_at: string;
  ends_at: string;
  joins_at: string | null;
  begins: string;
  ends: string;
}

export interface ScreenState {
  paired: boolean;
  now: string;
  clock: string;
  name: string;
  organisation: string;
  entries: Entry[];
  join: Entry | null;
}

export interface PairingStarted {
  code: string;
  secret: string;
  expires_at: string;
  poll_seconds: number;
}

export interface PairingState {
  state: "waiting" | "paired" | "expired";
}
