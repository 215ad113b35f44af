/** The part of recheck that is plain JavaScript: its main module would start a program or a thread of its own. */
declare module 'recheck/lib/browser.js' {
  const recheck: {
    checkSync(
      source: string,
      flags: string,
      options: { readonly timeout: number },
    ): {
      readonly status: 'safe' | 'vulnerable' | 'unknown';
      readonly complexity?: { readonly type: 'safe' | 'polynomial' | 'exponential'; readonly degree?: number };
    };
  };
  export default recheck;
}
