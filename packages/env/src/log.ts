export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured log, in the shape of pino's methods with the message first. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
