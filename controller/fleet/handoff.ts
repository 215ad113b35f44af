/** Hands items from whoever has them to one reader, without keeping any: a giver waits until his item has been taken. */
export interface Handoff<T> extends AsyncIterable<T> {
  /** Resolves with true when the item has been taken, with false if it never will be. */
  put(item: T): Promise<boolean>;
  /** Ends the reading: with an error at once, without one as soon as all has been taken. Only the first end counts. */
  end(error?: Error): void;
}

export function createHandoff<T>(): Handoff<T> {
  const offers: { readonly item: T; readonly settle: (taken: boolean) => void }[] = [];
  let ended: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;

  return {
    put(item) {
      if (ended !== undefined) return Promise.resolve(false);
      const taken = new Promise<boolean>((settle) => offers.push({ item, settle }));
      wake();
      return taken;
    },
    end,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          if (ended?.error !== undefined) throw ended.error;
          const offer = offers.shift();
          if (offer !== undefined) {
            offer.settle(true);
            yield offer.item;
          } else if (ended !== undefined) return;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        end();
        refuse();
      }
    },
  };

  function end(error?: Error): void {
    if (ended !== undefined) return;
    ended = { error };
    if (error !== undefined) refuse();
    wake();
  }

  function refuse(): void {
    for (const offer of offers.splice(0)) offer.settle(false);
  }
}
