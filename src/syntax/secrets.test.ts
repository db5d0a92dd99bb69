import { describe, expect, it } from 'vitest';
import { hideSecrets, hideSecretsAt } from './secrets.ts';

describe('hideSecrets', () => {
  it.each([
    ["CREATE SOURCE s WITH (connector = 'kafka', 'properties.sasl.password' = 'hunter2')"],
    ["CREATE SOURCE s WITH (properties.sasl.jaas.config = 'x y=\"hunter2\";', topic = 't')"],
    ['CREATE SOURCE s WITH (properties.sasl.password = hunter2, topic = t)'],
    ["CREATE SOURCE s WITH (sasl.password => E'hunter2\\'s')"],
    ['CREATE SOURCE s WITH (token.user = $$hunter2$$)'],
    ['CREATE SOURCE s WITH (password = (hunter2, other))'],
    ['CREATE SOURCE s WITH (password = a.hunter2.b)'],
    ['CREATE SOURCE s WITH ("API Token" = \'hunter2\')'],
    ["CREATE CONNECTION c TO KAFKA (SASL PASSWORD 'hunter2')"],
    ["CREATE SECRET s AS 'hunter2'"],
    ["ALTER ROLE millrace PASSWORD 'hunter2'"],
    ["CREATE SOURCE s WITH (url = 'https://me:hunter2@host/')"],
    ["CREATE SOURCE s WITH (extra = 'user=me password=hunter2')"],
    ["SELECT 1; CREATE SOURCE s WITH (password = 'x') -- not 'hunter2'"],
    ["CREATE SOURCE s WITH (password = 'hunter2"],
    ["CREATE SOURCE s WITH (password = 'x', \"hunter2"],
    ["SELECT * FROM users WHERE password = 'hunter2'"],
  ])('hides it in %s', (sql) => {
    const shown = hideSecrets(sql);
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain("'***'");
  });

  it('leaves the rest as it is written', () => {
    expect(
      hideSecrets("CREATE  SOURCE s WITH (topic = 't',\n  sasl.password = 'p', group = 'g')"),
    ).toBe("CREATE  SOURCE s WITH (topic = 't',\n  sasl.password = '***', group = 'g')");
    for (const sql of [
      "SELECT 'a', b -- why\n FROM t WHERE c = 'd'",
      'SELECT password FROM users WHERE id = 1',
      "SELECT token, 'x' FROM t WHERE password = $1",
      "INSERT INTO links VALUES ('http://host:80/a')",
    ]) {
      expect(hideSecrets(sql)).toBe(sql);
    }
  });

  it('says where a place has moved to', () => {
    const source = "CREATE SOURCE s WITH ( -- hunter2\n password = 'hunter2', tpoic = 't')";
    const { text, position } = hideSecretsAt(source, source.indexOf('tpoic'));
    expect(text.slice(position)).toBe("tpoic = 't')");
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toContain('hunter2');
  });
});
