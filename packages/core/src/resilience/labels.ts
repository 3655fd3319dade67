// What whoever configures a provider says about it, for policy to go by.

/** The same adapter, which from now on has these labels: a region, a contract (`eu`, `hipaa`). */
export function labelled<Adapter extends { readonly labels?: readonly string[] | undefined }>(
  adapter: Adapter,
  labels: readonly string[],
): Adapter {
  return Object.defineProperty(adapter, 'labels', { value: labels, enumerable: true, configurable: true });
}
