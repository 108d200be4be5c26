/** A name as it is written out: for those who know both names, with what the others read beside it. */
export function written({ name, alias }: { readonly name: string; readonly alias: string }): string {
  return alias ? `${name} (${alias})` : name;
}
