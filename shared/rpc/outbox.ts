/** What one side of a stream still has to send: fed by calls, read by one `for await`. */
export interface Outbox<T> extends AsyncIterable<T> {
  /** After the end, what is sent is dropped: there is nobody left to get it. */
  send(item: T): void;
  /** Without an error: what was sent before still goes out. With one: the reader gets it at once. */
  end(error?: Error): void;
}

export function createOutbox<T>(): Outbox<T> {
  const items: T[] = [];
  let ended: { readonly error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;

  return {
    send(item) {
      if (ended !== undefined) return;
      items.push(item);
      wake?.();
    },
    end(error) {
      if (ended !== undefined) return;
      ended = { error };
      wake?.();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        if (ended?.error !== undefined) throw ended.error;
        const item = items.shift();
        if (item !== undefined) yield item;
        else if (ended !== undefined) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
