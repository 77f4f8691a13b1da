/** One word of a command, as a shell reads it. Pure. */
export function shellWord(word: string): string {
  return /^[\w./:,=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
