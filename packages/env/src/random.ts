export interface RandomStream {
  /** A uniform integer in [0, 2^32). */
  uint32(): number;
  /** A uniform number in [0, 1). */
  float(): number;
  /** A uniform integer in [0, bound). `bound` is a positive safe integer. */
  below(bound: number): number;
  /** Fills `target` with uniform bytes. */
  fill(target: Uint8Array): Uint8Array;
}

export interface Random {
  /**
   * The stream of that name. Streams are independent, so that a new reader does not shift what the others draw. In
   * simulation a stream is a function of the run's seed, the node and the name.
   */
  stream(name: string): RandomStream;
}
