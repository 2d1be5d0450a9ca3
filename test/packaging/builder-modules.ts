import { join } from 'node:path';
import { ROOT } from './built-packages.ts';

/** A module of the builders, which are JavaScript without types. */
export async function builder<Module>(name: string): Promise<Module> {
  return (await import(join(ROOT, 'packaging', 'builders', `${name}.mjs`))) as Module;
}

/** A package as the table of products has it. */
export interface Product {
  readonly name: string;
}

/** The table of products. */
export const { PRODUCTS } = await builder<{
  readonly PRODUCTS: Readonly<Record<'agent' | 'central', Product>>;
}>('products');
