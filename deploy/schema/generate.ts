// Writes the JSON Schemas of this folder: `npx tsx deploy/schema/generate.ts`. A test compares them with what it would write.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { DOCUMENTS, jsonSchemaOf } from '../../controller/ctl/schema/documents.js';

for (const [name, document] of Object.entries(DOCUMENTS)) {
  const file = fileURLToPath(new URL(`${name}.json`, import.meta.url));
  await writeFile(file, await format(JSON.stringify(jsonSchemaOf(document)), { ...(await resolveConfig(file)), filepath: file }));
}
