/** The part that is used of packages without types of their own. */
declare module 'vectorclock' {
  type Clock = Record<string, number>;
  const vectorclock: {
    increment(clock: Clock, node: string): Clock;
    merge(a: Clock, b: Clock): Clock;
    /** −1 before, 1 after, 0 equal or concurrent. */
    compare(a: Clock, b: Clock): number;
  };
  export default vectorclock;
}
