/**
 * Names, oids and columns of the system relations, exactly as PostgreSQL 15 has them: tools select stars and
 * columns they hope for. A line `name oid relkind`, then its columns, indented; `!` marks NOT NULL.
 * See https://www.postgresql.org/docs/15/catalogs.html and /information-schema.html
 */

export const pgCatalogColumns = `
pg_aggregate 2600 r
  aggfnoid regproc!, aggkind "char"!, aggnumdirectargs smallint!, aggtransfn regproc!,
  aggfinalfn regproc!, aggcombinefn regproc!, aggserialfn regproc!, aggdeserialfn
  regproc!, aggmtransfn regproc!, aggminvtransfn regproc!, aggmfinalfn regproc!,
  aggfinalextra boolean!, aggmfinalextra boolean!, aggfinalmodify "char"!, aggmfinalmodify
  "char"!, aggsortop oid!, aggtranstype oid!, aggtransspace integer!, aggmtranstype oid!,
  aggmtransspace integer!, agginitval text, aggminitval text
pg_am 2601 r
  oid oid!, amname name!, amhandler regproc!, amtype "char"!
pg_amop 2602 r
  oid oid!, amopfamily oid!, amoplefttype oid!, amoprighttype oid!, amopstrategy
  smallint!, amoppurpose "char"!, amopopr oid!, amopmethod oid!, amopsortfamily oid!
pg_amproc 2603 r
  oid oid!, amprocfamily oid!, amproclefttype oid!, amprocrighttype oid!, amprocnum
  smallint!, amproc regproc!
pg_attrdef 2604 r
  oid oid!, adrelid oid!, adnum smallint!, adbin pg_node_tree!
pg_attribute 1249 r
  attrelid oid!, attname name!, atttypid oid!, attstattarget integer!, attlen smallint!,
  attnum smallint!, attndims integer!, attcacheoff integer!, atttypmod integer!, attbyval
  boolean!, attalign "char"!, attstorage "char"!, attcompression "char"!, attnotnull
  boolean!, atthasdef boolean!, atthasmissing boolean!, attidentity "char"!, attgenerated
  "char"!, attisdropped boolean!, attislocal boolean!, attinhcount integer!, attcollation
  oid!, attacl aclitem[], attoptions text[], attfdwoptions text[], attmissingval anyarray
pg_auth_members 1261 r
  roleid oid!, member oid!, grantor oid!, admin_option boolean!
pg_available_extensions 12081 v
  name name, default_version text, installed_version text, comment text
pg_cast 2605 r
  oid oid!, castsource oid!, casttarget oid!, castfunc oid!, castcontext "char"!,
  castmethod "char"!
pg_class 1259 r
  oid oid!, relname name!, relnamespace oid!, reltype oid!, reloftype oid!, relowner oid!,
  relam oid!, relfilenode oid!, reltablespace oid!, relpages integer!, reltuples real!,
  relallvisible integer!, reltoastrelid oid!, relhasindex boolean!, relisshared boolean!,
  relpersistence "char"!, relkind "char"!, relnatts smallint!, relchecks smallint!,
  relhasrules boolean!, relhastriggers boolean!, relhassubclass boolean!, relrowsecurity
  boolean!, relforcerowsecurity boolean!, relispopulated boolean!, relreplident "char"!,
  relispartition boolean!, relrewrite oid!, relfrozenxid xid!, relminmxid xid!, relacl
  aclitem[], reloptions text[], relpartbound pg_node_tree
pg_collation 3456 r
  oid oid!, collname name!, collnamespace oid!, collowner oid!, collprovider "char"!,
  collisdeterministic boolean!, collencoding integer!, collcollate text, collctype text,
  colliculocale text, collversion text
pg_constraint 2606 r
  oid oid!, conname name!, connamespace oid!, contype "char"!, condeferrable boolean!,
  condeferred boolean!, convalidated boolean!, conrelid oid!, contypid oid!, conindid
  oid!, conparentid oid!, confrelid oid!, confupdtype "char"!, confdeltype "char"!,
  confmatchtype "char"!, conislocal boolean!, coninhcount integer!, connoinherit boolean!,
  conkey smallint[], confkey smallint[], conpfeqop oid[], conppeqop oid[], conffeqop
  oid[], confdelsetcols smallint[], conexclop oid[], conbin pg_node_tree
pg_conversion 2607 r
  oid oid!, conname name!, connamespace oid!, conowner oid!, conforencoding integer!,
  contoencoding integer!, conproc regproc!, condefault boolean!
pg_cursors 12077 v
  name text, statement text, is_holdable boolean, is_binary boolean, is_scrollable
  boolean, creation_time timestamptz
pg_database 1262 r
  oid oid!, datname name!, datdba oid!, encoding integer!, datlocprovider "char"!,
  datistemplate boolean!, datallowconn boolean!, datconnlimit integer!, datfrozenxid xid!,
  datminmxid xid!, dattablespace oid!, datcollate text!, datctype text!, daticulocale
  text, datcollversion text, datacl aclitem[]
pg_db_role_setting 2964 r
  setdatabase oid!, setrole oid!, setconfig text[]
pg_default_acl 826 r
  oid oid!, defaclrole oid!, defaclnamespace oid!, defaclobjtype "char"!, defaclacl
  aclitem[]!
pg_depend 2608 r
  classid oid!, objid oid!, objsubid integer!, refclassid oid!, refobjid oid!, refobjsubid
  integer!, deptype "char"!
pg_description 2609 r
  objoid oid!, classoid oid!, objsubid integer!, description text!
pg_enum 3501 r
  oid oid!, enumtypid oid!, enumsortorder real!, enumlabel name!
pg_event_trigger 3466 r
  oid oid!, evtname name!, evtevent name!, evtowner oid!, evtfoid oid!, evtenabled
  "char"!, evttags text[]
pg_extension 3079 r
  oid oid!, extname name!, extowner oid!, extnamespace oid!, extrelocatable boolean!,
  extversion text!, extconfig oid[], extcondition text[]
pg_foreign_data_wrapper 2328 r
  oid oid!, fdwname name!, fdwowner oid!, fdwhandler oid!, fdwvalidator oid!, fdwacl
  aclitem[], fdwoptions text[]
pg_foreign_server 1417 r
  oid oid!, srvname name!, srvowner oid!, srvfdw oid!, srvtype text, srvversion text,
  srvacl aclitem[], srvoptions text[]
pg_foreign_table 3118 r
  ftrelid oid!, ftserver oid!, ftoptions text[]
pg_group 12010 v
  groname name, grosysid oid, grolist oid[]
pg_index 2610 r
  indexrelid oid!, indrelid oid!, indnatts smallint!, indnkeyatts smallint!, indisunique
  boolean!, indnullsnotdistinct boolean!, indisprimary boolean!, indisexclusion boolean!,
  indimmediate boolean!, indisclustered boolean!, indisvalid boolean!, indcheckxmin
  boolean!, indisready boolean!, indislive boolean!, indisreplident boolean!, indkey
  int2vector!, indcollation oidvector!, indclass oidvector!, indoption int2vector!,
  indexprs pg_node_tree, indpred pg_node_tree
pg_indexes 12043 v
  schemaname name, tablename name, indexname name, tablespace name, indexdef text
pg_inherits 2611 r
  inhrelid oid!, inhparent oid!, inhseqno integer!, inhdetachpending boolean!
pg_language 2612 r
  oid oid!, lanname name!, lanowner oid!, lanispl boolean!, lanpltrusted boolean!,
  lanplcallfoid oid!, laninline oid!, lanvalidator oid!, lanacl aclitem[]
pg_locks 12073 v
  locktype text, database oid, relation oid, page integer, tuple smallint, virtualxid
  text, transactionid xid, classid oid, objid oid, objsubid smallint, virtualtransaction
  text, pid integer, mode text, granted boolean, fastpath boolean, waitstart timestamptz
pg_matviews 12038 v
  schemaname name, matviewname name, matviewowner name, tablespace name, hasindexes
  boolean, ispopulated boolean, definition text
pg_namespace 2615 r
  oid oid!, nspname name!, nspowner oid!, nspacl aclitem[]
pg_largeobject_metadata 2995 r
  oid oid!, lomowner oid!, lomacl aclitem[]
pg_opclass 2616 r
  oid oid!, opcmethod oid!, opcname name!, opcnamespace oid!, opcowner oid!, opcfamily
  oid!, opcintype oid!, opcdefault boolean!, opckeytype oid!
pg_operator 2617 r
  oid oid!, oprname name!, oprnamespace oid!, oprowner oid!, oprkind "char"!, oprcanmerge
  boolean!, oprcanhash boolean!, oprleft oid!, oprright oid!, oprresult oid!, oprcom oid!,
  oprnegate oid!, oprcode regproc!, oprrest regproc!, oprjoin regproc!
pg_opfamily 2753 r
  oid oid!, opfmethod oid!, opfname name!, opfnamespace oid!, opfowner oid!
pg_partitioned_table 3350 r
  partrelid oid!, partstrat "char"!, partnatts smallint!, partdefid oid!, partattrs
  int2vector!, partclass oidvector!, partcollation oidvector!, partexprs pg_node_tree
pg_policies 12018 v
  schemaname name, tablename name, policyname name, permissive text, roles name[], cmd
  text, qual text, with_check text
pg_policy 3256 r
  oid oid!, polname name!, polrelid oid!, polcmd "char"!, polpermissive boolean!, polroles
  oid[]!, polqual pg_node_tree, polwithcheck pg_node_tree
pg_prepared_statements 12095 v
  name text, statement text, prepare_time timestamptz, parameter_types regtype[], from_sql
  boolean, generic_plans bigint, custom_plans bigint
pg_proc 1255 r
  oid oid!, proname name!, pronamespace oid!, proowner oid!, prolang oid!, procost real!,
  prorows real!, provariadic oid!, prosupport regproc!, prokind "char"!, prosecdef
  boolean!, proleakproof boolean!, proisstrict boolean!, proretset boolean!, provolatile
  "char"!, proparallel "char"!, pronargs smallint!, pronargdefaults smallint!, prorettype
  oid!, proargtypes oidvector!, proallargtypes oid[], proargmodes "char"[], proargnames
  text[], proargdefaults pg_node_tree, protrftypes oid[], prosrc text!, probin text,
  prosqlbody pg_node_tree, proconfig text[], proacl aclitem[]
pg_publication 6104 r
  oid oid!, pubname name!, pubowner oid!, puballtables boolean!, pubinsert boolean!,
  pubupdate boolean!, pubdelete boolean!, pubtruncate boolean!, pubviaroot boolean!
pg_publication_namespace 6237 r
  oid oid!, pnpubid oid!, pnnspid oid!
pg_publication_rel 6106 r
  oid oid!, prpubid oid!, prrelid oid!, prqual pg_node_tree, prattrs int2vector
pg_range 3541 r
  rngtypid oid!, rngsubtype oid!, rngmultitypid oid!, rngcollation oid!, rngsubopc oid!,
  rngcanonical regproc!, rngsubdiff regproc!
pg_rewrite 2618 r
  oid oid!, rulename name!, ev_class oid!, ev_type "char"!, ev_enabled "char"!, is_instead
  boolean!, ev_qual pg_node_tree!, ev_action pg_node_tree!
pg_roles 12000 v
  rolname name, rolsuper boolean, rolinherit boolean, rolcreaterole boolean, rolcreatedb
  boolean, rolcanlogin boolean, rolreplication boolean, rolconnlimit integer, rolpassword
  text, rolvaliduntil timestamptz, rolbypassrls boolean, rolconfig text[], oid oid
pg_rules 12023 v
  schemaname name, tablename name, rulename name, definition text
pg_seclabel 3596 r
  objoid oid!, classoid oid!, objsubid integer!, provider text!, label text!
pg_sequence 2224 r
  seqrelid oid!, seqtypid oid!, seqstart bigint!, seqincrement bigint!, seqmax bigint!,
  seqmin bigint!, seqcache bigint!, seqcycle boolean!
pg_sequences 12048 v
  schemaname name, sequencename name, sequenceowner name, data_type regtype, start_value
  bigint, min_value bigint, max_value bigint, increment_by bigint, cycle boolean,
  cache_size bigint, last_value bigint
pg_settings 12104 v
  name text, setting text, unit text, category text, short_desc text, extra_desc text,
  context text, vartype text, source text, min_val text, max_val text, enumvals text[],
  boot_val text, reset_val text, sourcefile text, sourceline integer, pending_restart
  boolean
pg_shadow 12005 v
  usename name, usesysid oid, usecreatedb boolean, usesuper boolean, userepl boolean,
  usebypassrls boolean, passwd text, valuntil timestamptz, useconfig text[]
pg_shdepend 1214 r
  dbid oid!, classid oid!, objid oid!, objsubid integer!, refclassid oid!, refobjid oid!,
  deptype "char"!
pg_shdescription 2396 r
  objoid oid!, classoid oid!, description text!
pg_stat_activity 12222 v
  datid oid, datname name, pid integer, leader_pid integer, usesysid oid, usename name,
  application_name text, client_addr inet, client_hostname text, client_port integer,
  backend_start timestamptz, xact_start timestamptz, query_start timestamptz, state_change
  timestamptz, wait_event_type text, wait_event text, state text, backend_xid xid,
  backend_xmin xid, query_id bigint, query text, backend_type text
pg_stat_all_tables 12142 v
  relid oid, schemaname name, relname name, seq_scan bigint, seq_tup_read bigint, idx_scan
  bigint, idx_tup_fetch bigint, n_tup_ins bigint, n_tup_upd bigint, n_tup_del bigint,
  n_tup_hot_upd bigint, n_live_tup bigint, n_dead_tup bigint, n_mod_since_analyze bigint,
  n_ins_since_vacuum bigint, last_vacuum timestamptz, last_autovacuum timestamptz,
  last_analyze timestamptz, last_autoanalyze timestamptz, vacuum_count bigint,
  autovacuum_count bigint, analyze_count bigint, autoanalyze_count bigint
pg_stat_database 12266 v
  datid oid, datname name, numbackends integer, xact_commit bigint, xact_rollback bigint,
  blks_read bigint, blks_hit bigint, tup_returned bigint, tup_fetched bigint, tup_inserted
  bigint, tup_updated bigint, tup_deleted bigint, conflicts bigint, temp_files bigint,
  temp_bytes bigint, deadlocks bigint, checksum_failures bigint, checksum_last_failure
  timestamptz, blk_read_time float8, blk_write_time float8, session_time float8,
  active_time float8, idle_in_transaction_time float8, sessions bigint, sessions_abandoned
  bigint, sessions_fatal bigint, sessions_killed bigint, stats_reset timestamptz
pg_stat_user_indexes 12192 v
  relid oid, indexrelid oid, schemaname name, relname name, indexrelname name, idx_scan
  bigint, idx_tup_read bigint, idx_tup_fetch bigint
pg_stat_user_tables 12161 v
  relid oid, schemaname name, relname name, seq_scan bigint, seq_tup_read bigint, idx_scan
  bigint, idx_tup_fetch bigint, n_tup_ins bigint, n_tup_upd bigint, n_tup_del bigint,
  n_tup_hot_upd bigint, n_live_tup bigint, n_dead_tup bigint, n_mod_since_analyze bigint,
  n_ins_since_vacuum bigint, last_vacuum timestamptz, last_autovacuum timestamptz,
  last_analyze timestamptz, last_autoanalyze timestamptz, vacuum_count bigint,
  autovacuum_count bigint, analyze_count bigint, autoanalyze_count bigint
pg_statio_all_tables 12170 v
  relid oid, schemaname name, relname name, heap_blks_read bigint, heap_blks_hit bigint,
  idx_blks_read bigint, idx_blks_hit bigint, toast_blks_read bigint, toast_blks_hit
  bigint, tidx_blks_read bigint, tidx_blks_hit bigint
pg_statio_user_tables 12179 v
  relid oid, schemaname name, relname name, heap_blks_read bigint, heap_blks_hit bigint,
  idx_blks_read bigint, idx_blks_hit bigint, toast_blks_read bigint, toast_blks_hit
  bigint, tidx_blks_read bigint, tidx_blks_hit bigint
pg_statistic_ext 3381 r
  oid oid!, stxrelid oid!, stxname name!, stxnamespace oid!, stxowner oid!, stxstattarget
  integer!, stxkeys int2vector!, stxkind "char"[]!, stxexprs pg_node_tree
pg_statistic_ext_data 3429 r
  stxoid oid!, stxdinherit boolean!, stxdndistinct pg_ndistinct, stxddependencies
  pg_dependencies, stxdmcv pg_mcv_list, stxdexpr pg_statistic[]
pg_stats 12053 v
  schemaname name, tablename name, attname name, inherited boolean, null_frac real,
  avg_width integer, n_distinct real, most_common_vals anyarray, most_common_freqs real[],
  histogram_bounds anyarray, correlation real, most_common_elems anyarray,
  most_common_elem_freqs real[], elem_count_histogram real[]
pg_subscription 6100 r
  oid oid!, subdbid oid!, subskiplsn pg_lsn!, subname name!, subowner oid!, subenabled
  boolean!, subbinary boolean!, substream boolean!, subtwophasestate "char"!,
  subdisableonerr boolean!, subconninfo text!, subslotname name, subsynccommit text!,
  subpublications text[]!
pg_tables 12033 v
  schemaname name, tablename name, tableowner name, tablespace name, hasindexes boolean,
  hasrules boolean, hastriggers boolean, rowsecurity boolean
pg_tablespace 1213 r
  oid oid!, spcname name!, spcowner oid!, spcacl aclitem[], spcoptions text[]
pg_timezone_names 12126 v
  name text, abbrev text, utc_offset interval, is_dst boolean
pg_trigger 2620 r
  oid oid!, tgrelid oid!, tgparentid oid!, tgname name!, tgfoid oid!, tgtype smallint!,
  tgenabled "char"!, tgisinternal boolean!, tgconstrrelid oid!, tgconstrindid oid!,
  tgconstraint oid!, tgdeferrable boolean!, tginitdeferred boolean!, tgnargs smallint!,
  tgattr int2vector!, tgargs bytea!, tgqual pg_node_tree, tgoldtable name, tgnewtable name
pg_ts_config 3602 r
  oid oid!, cfgname name!, cfgnamespace oid!, cfgowner oid!, cfgparser oid!
pg_ts_dict 3600 r
  oid oid!, dictname name!, dictnamespace oid!, dictowner oid!, dicttemplate oid!,
  dictinitoption text
pg_ts_parser 3601 r
  oid oid!, prsname name!, prsnamespace oid!, prsstart regproc!, prstoken regproc!, prsend
  regproc!, prsheadline regproc!, prslextype regproc!
pg_ts_template 3764 r
  oid oid!, tmplname name!, tmplnamespace oid!, tmplinit regproc!, tmpllexize regproc!
pg_type 1247 r
  oid oid!, typname name!, typnamespace oid!, typowner oid!, typlen smallint!, typbyval
  boolean!, typtype "char"!, typcategory "char"!, typispreferred boolean!, typisdefined
  boolean!, typdelim "char"!, typrelid oid!, typsubscript regproc!, typelem oid!, typarray
  oid!, typinput regproc!, typoutput regproc!, typreceive regproc!, typsend regproc!,
  typmodin regproc!, typmodout regproc!, typanalyze regproc!, typalign "char"!, typstorage
  "char"!, typnotnull boolean!, typbasetype oid!, typtypmod integer!, typndims integer!,
  typcollation oid!, typdefaultbin pg_node_tree, typdefault text, typacl aclitem[]
pg_user 12014 v
  usename name, usesysid oid, usecreatedb boolean, usesuper boolean, userepl boolean,
  usebypassrls boolean, passwd text, valuntil timestamptz, useconfig text[]
pg_user_mapping 1418 r
  oid oid!, umuser oid!, umserver oid!, umoptions text[]
pg_user_mappings 12327 v
  umid oid, srvid oid, srvname name, umuser oid, usename name, umoptions text[]
pg_views 12028 v
  schemaname name, viewname name, viewowner name, definition text
`;

export const informationSchemaColumns = `
applicable_roles 13236 v
  grantee name, role_name name, is_grantable varchar
character_sets 13250 v
  character_set_catalog name, character_set_schema name, character_set_name name,
  character_repertoire name, form_of_use name, default_collate_catalog name,
  default_collate_schema name, default_collate_name name
check_constraints 13260 v
  constraint_catalog name, constraint_schema name, constraint_name name, check_clause
  varchar
column_privileges 13285 v
  grantor name, grantee name, table_catalog name, table_schema name, table_name name,
  column_name name, privilege_type varchar, is_grantable varchar
columns 13295 v
  table_catalog name, table_schema name, table_name name, column_name name,
  ordinal_position integer, column_default varchar, is_nullable varchar, data_type
  varchar, character_maximum_length integer, character_octet_length integer,
  numeric_precision integer, numeric_precision_radix integer, numeric_scale integer,
  datetime_precision integer, interval_type varchar, interval_precision integer,
  character_set_catalog name, character_set_schema name, character_set_name name,
  collation_catalog name, collation_schema name, collation_name name, domain_catalog name,
  domain_schema name, domain_name name, udt_catalog name, udt_schema name, udt_name name,
  scope_catalog name, scope_schema name, scope_name name, maximum_cardinality integer,
  dtd_identifier name, is_self_referencing varchar, is_identity varchar,
  identity_generation varchar, identity_start varchar, identity_increment varchar,
  identity_maximum varchar, identity_minimum varchar, identity_cycle varchar, is_generated
  varchar, generation_expression varchar, is_updatable varchar
constraint_column_usage 13300 v
  table_catalog name, table_schema name, table_name name, column_name name,
  constraint_catalog name, constraint_schema name, constraint_name name
domains 13320 v
  domain_catalog name, domain_schema name, domain_name name, data_type varchar,
  character_maximum_length integer, character_octet_length integer, character_set_catalog
  name, character_set_schema name, character_set_name name, collation_catalog name,
  collation_schema name, collation_name name, numeric_precision integer,
  numeric_precision_radix integer, numeric_scale integer, datetime_precision integer,
  interval_type varchar, interval_precision integer, domain_default varchar, udt_catalog
  name, udt_schema name, udt_name name, scope_catalog name, scope_schema name, scope_name
  name, maximum_cardinality integer, dtd_identifier name
element_types 13493 v
  object_catalog name, object_schema name, object_name name, object_type varchar,
  collection_type_identifier name, data_type varchar, character_maximum_length integer,
  character_octet_length integer, character_set_catalog name, character_set_schema name,
  character_set_name name, collation_catalog name, collation_schema name, collation_name
  name, numeric_precision integer, numeric_precision_radix integer, numeric_scale integer,
  datetime_precision integer, interval_type varchar, interval_precision integer,
  domain_default varchar, udt_catalog name, udt_schema name, udt_name name, scope_catalog
  name, scope_schema name, scope_name name, maximum_cardinality integer, dtd_identifier
  name
enabled_roles 13325 v
  role_name name
information_schema_catalog_name 13227 v
  catalog_name name
key_column_usage 13329 v
  constraint_catalog name, constraint_schema name, constraint_name name, table_catalog
  name, table_schema name, table_name name, column_name name, ordinal_position integer,
  position_in_unique_constraint integer
parameters 13334 v
  specific_catalog name, specific_schema name, specific_name name, ordinal_position
  integer, parameter_mode varchar, is_result varchar, as_locator varchar, parameter_name
  name, data_type varchar, character_maximum_length integer, character_octet_length
  integer, character_set_catalog name, character_set_schema name, character_set_name name,
  collation_catalog name, collation_schema name, collation_name name, numeric_precision
  integer, numeric_precision_radix integer, numeric_scale integer, datetime_precision
  integer, interval_type varchar, interval_precision integer, udt_catalog name, udt_schema
  name, udt_name name, scope_catalog name, scope_schema name, scope_name name,
  maximum_cardinality integer, dtd_identifier name, parameter_default varchar
referential_constraints 13339 v
  constraint_catalog name, constraint_schema name, constraint_name name,
  unique_constraint_catalog name, unique_constraint_schema name, unique_constraint_name
  name, match_option varchar, update_rule varchar, delete_rule varchar
role_table_grants 13421 v
  grantor name, grantee name, table_catalog name, table_schema name, table_name name,
  privilege_type varchar, is_grantable varchar, with_hierarchy varchar
routines 13377 v
  specific_catalog name, specific_schema name, specific_name name, routine_catalog name,
  routine_schema name, routine_name name, routine_type varchar, module_catalog name,
  module_schema name, module_name name, udt_catalog name, udt_schema name, udt_name name,
  data_type varchar, character_maximum_length integer, character_octet_length integer,
  character_set_catalog name, character_set_schema name, character_set_name name,
  collation_catalog name, collation_schema name, collation_name name, numeric_precision
  integer, numeric_precision_radix integer, numeric_scale integer, datetime_precision
  integer, interval_type varchar, interval_precision integer, type_udt_catalog name,
  type_udt_schema name, type_udt_name name, scope_catalog name, scope_schema name,
  scope_name name, maximum_cardinality integer, dtd_identifier name, routine_body varchar,
  routine_definition varchar, external_name varchar, external_language varchar,
  parameter_style varchar, is_deterministic varchar, sql_data_access varchar, is_null_call
  varchar, sql_path varchar, schema_level_routine varchar, max_dynamic_result_sets
  integer, is_user_defined_cast varchar, is_implicitly_invocable varchar, security_type
  varchar, to_sql_specific_catalog name, to_sql_specific_schema name, to_sql_specific_name
  name, as_locator varchar, created timestamptz, last_altered timestamptz,
  new_savepoint_level varchar, is_udt_dependent varchar, result_cast_from_data_type
  varchar, result_cast_as_locator varchar, result_cast_char_max_length integer,
  result_cast_char_octet_length integer, result_cast_char_set_catalog name,
  result_cast_char_set_schema name, result_cast_char_set_name name,
  result_cast_collation_catalog name, result_cast_collation_schema name,
  result_cast_collation_name name, result_cast_numeric_precision integer,
  result_cast_numeric_precision_radix integer, result_cast_numeric_scale integer,
  result_cast_datetime_precision integer, result_cast_interval_type varchar,
  result_cast_interval_precision integer, result_cast_type_udt_catalog name,
  result_cast_type_udt_schema name, result_cast_type_udt_name name,
  result_cast_scope_catalog name, result_cast_scope_schema name, result_cast_scope_name
  name, result_cast_maximum_cardinality integer, result_cast_dtd_identifier name
schemata 13382 v
  catalog_name name, schema_name name, schema_owner name, default_character_set_catalog
  name, default_character_set_schema name, default_character_set_name name, sql_path
  varchar
sequences 13386 v
  sequence_catalog name, sequence_schema name, sequence_name name, data_type varchar,
  numeric_precision integer, numeric_precision_radix integer, numeric_scale integer,
  start_value varchar, minimum_value varchar, maximum_value varchar, increment varchar,
  cycle_option varchar
table_constraints 13411 v
  constraint_catalog name, constraint_schema name, constraint_name name, table_catalog
  name, table_schema name, table_name name, constraint_type varchar, is_deferrable
  varchar, initially_deferred varchar, enforced varchar, nulls_distinct varchar
table_privileges 13416 v
  grantor name, grantee name, table_catalog name, table_schema name, table_name name,
  privilege_type varchar, is_grantable varchar, with_hierarchy varchar
tables 13425 v
  table_catalog name, table_schema name, table_name name, table_type varchar,
  self_referencing_column_name name, reference_generation varchar,
  user_defined_type_catalog name, user_defined_type_schema name, user_defined_type_name
  name, is_insertable_into varchar, is_typed varchar, commit_action varchar
triggers 13440 v
  trigger_catalog name, trigger_schema name, trigger_name name, event_manipulation
  varchar, event_object_catalog name, event_object_schema name, event_object_table name,
  action_order integer, action_condition varchar, action_statement varchar,
  action_orientation varchar, action_timing varchar, action_reference_old_table name,
  action_reference_new_table name, action_reference_old_row name, action_reference_new_row
  name, created timestamptz
view_table_usage 13478 v
  view_catalog name, view_schema name, view_name name, table_catalog name, table_schema
  name, table_name name
views 13483 v
  table_catalog name, table_schema name, table_name name, view_definition varchar,
  check_option varchar, is_updatable varchar, is_insertable_into varchar,
  is_trigger_updatable varchar, is_trigger_deletable varchar, is_trigger_insertable_into
  varchar
`;
