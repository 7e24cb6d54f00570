/** Something in the repository that a rule does not allow. */
export interface Problem {
  readonly path: string;
  /** From 1; 0 for the whole file. */
  readonly line: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  check(repo: Repo): Problem[];
}

/** The files that git tracks or would track, as rules see them. */
export interface Repo {
  /** Absolute; names what must not appear in files. */
  readonly root: string;
  /** Relative to the root, with `/`, in order. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** True for a file or for a directory with files in it. */
  hasPath(path: string): boolean;
  text(path: string): string;
  sizeBytes(path: string): number;
  /** Parsed JSON; undefined when there is no such file. */
  json(path: string): Json | undefined;
  module(path: string): Module;
}

// biome-ignore lint/suspicious/noExplicitAny: read by rules that know which file it is
export type Json = { readonly [name: string]: any };

/** A syntax tree node in ESTree's shape. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  // biome-ignore lint/suspicious/noExplicitAny: which fields there are depends on the type
  readonly [field: string]: any;
}

export interface ModuleRequest {
  readonly specifier: string;
  readonly line: number;
  /** Gone at run time. */
  readonly isType: boolean;
}

/** A source file, parsed. */
export interface Module {
  readonly program: Node;
  readonly comments: readonly { readonly start: number; readonly end: number }[];
  /** Static, dynamic, type-only and re-exported alike. */
  readonly requests: readonly ModuleRequest[];
  lineOf(offset: number): number;
}
