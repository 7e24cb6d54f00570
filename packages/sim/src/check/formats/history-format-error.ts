/** A history that cannot be read. The message has no file name: the caller knows it. */
export class HistoryFormatError extends Error {
  override readonly name = 'HistoryFormatError';
  /** From 1; 0 when it is the whole file. */
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}
