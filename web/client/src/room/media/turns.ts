/** Runs asynchronous work one after the other: a peer connection bears one negotiation at a time. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private over = false;

  /** Rejects with `Abandoned` for work that had not begun when these turns were abandoned. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = (): Promise<Result> => (this.over ? Promise.reject(new Abandoned()) : work());
    const result = this.last.then(turn, turn);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** What has not begun never will: it was meant for a connection that is closed. */
  abandon(): void {
    this.over = true;
  }
}

export class Abandoned extends Error {}
