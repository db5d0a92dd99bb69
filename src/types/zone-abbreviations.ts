/**
 * Abbreviations of zones that PostgreSQL knows by default, with their offset in seconds east of UTC.
 * They mean a fixed offset, whatever the date: EST is always five hours behind.
 */

// prettier-ignore
const lines: readonly (readonly [secondsEast: number, names: string])[] = [
  [-39600, 'nut'],
  [-36000, 'ckt hst taht'],
  [-34200, 'mart'],
  [-32400, 'akst gamt'],
  [-28800, 'pst'],
  [-28800, 'akdt'],
  [-25200, 'mst'],
  [-25200, 'pdt'],
  [-21600, 'cst galt'],
  [-21600, 'mdt'],
  [-18000, 'act cot est pet'],
  [-18000, 'cdt easst east'],
  [-14400, 'amt ast bot gyt vet'],
  [-14400, 'edt'],
  [-12600, 'nft nst'],
  [-10800, 'arst art bra brt fkst fkt gft pmst pyt uyt wgt'],
  [-10800, 'adt clst clt pyst'],
  [-9000, 'ndt'],
  [-7200, 'fnt'],
  [-7200, 'brst pmdt uyst wgst'],
  [-3600, 'azot egt'],
  [-3600, 'fnst'],
  [0, 'gmt uct ut utc wet z zulu'],
  [0, 'azost egst'],
  [3600, 'cet met mez wat'],
  [3600, 'bst wetdst'],
  [7200, 'eet ist sast'],
  [7200, 'bdst cest cetdst mest mesz metdst'],
  [10800, 'eat fet msk volt'],
  [10800, 'eest eetdst idt'],
  [12600, 'irt'],
  [14400, 'amst azst azt gest get mut ret sct'],
  [14400, 'msd'],
  [16200, 'aft'],
  [18000, 'mawt mvt pkt tft tjt tmt uzt yekt'],
  [18000, 'must'],
  [19800, 'lkt'],
  [20700, 'npt'],
  [21600, 'almt bdt btt iot kgt omsst omst xjt'],
  [21600, 'kgst pkst uzst yekst'],
  [23400, 'mmt'],
  [25200, 'cxt davt ict krast krat novst novt wast'],
  [25200, 'almst'],
  [28800, 'awst bnt bort cct hkt irkst irkt myt pht sgt ulat'],
  [28800, 'wadt'],
  [31500, 'acwst'],
  [32400, 'jayt jst kst pwt yakst yakt'],
  [32400, 'awsst ulast wdt'],
  [34200, 'acst cast'],
  [36000, 'aest chut ddut ligt mpt pgt trut vlast vlat yapt'],
  [36000, 'kdt'],
  [37800, 'lhst'],
  [37800, 'acdt acsst cadt sadt'],
  [39600, 'kost magst magt pont vut'],
  [39600, 'aedt aesst lhdt'],
  [43200, 'anast anat fjt gilt mht nzst nzt petst pett tvt wakt wft'],
  [45900, 'chast'],
  [46800, 'tkt tot'],
  [46800, 'fjst nzdt'],
  [49500, 'chadt'],
  [50400, 'lint'],
];

const offsets: ReadonlyMap<string, number> = new Map(
  lines.flatMap(([seconds, names]) =>
    names.split(' ').map((name): [string, number] => [name, seconds]),
  ),
);

/** Seconds east of UTC of an abbreviation in any case; undefined when it is none. */
export function abbreviationOffset(name: string): number | undefined {
  return offsets.get(name.toLowerCase());
}
