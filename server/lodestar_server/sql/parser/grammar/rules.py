"""The rules of Trino 476's language, one a paragraph, as `notation.py` reads them.

Accepting texts is the parser's work; this table exists to say what was expected where a text stopped being in the
language. How rules are cut and the order of alternatives are part of the meaning: Trino names what it expected after
the rule it would have entered, and between two readings of the same text the first wins.

UPPER CASE words are keywords, quoted symbols stand for themselves, names in angle brackets are kinds of tokens, the
rest is `( ) ? * + |` as in any grammar. A rule that starts with itself is an operator rule: its alternatives bind the
tighter the earlier they come.
"""

from __future__ import annotations

from lodestar_server.sql.parser.keywords import NON_RESERVED

STATEMENT_RULES = """
single_statement = statement <end>

standalone_expression = expression <end>

standalone_path_specification = path_specification <end>

standalone_type = type <end>

standalone_row_pattern = row_pattern <end>

standalone_function_specification = function_specification <end>

statement =
    root_query_with_session
  | USE identifier
  | USE identifier '.' identifier
  | CREATE CATALOG (IF NOT EXISTS)? identifier USING identifier
      (COMMENT string)? (AUTHORIZATION principal)? (WITH properties)?
  | DROP CATALOG (IF EXISTS)? identifier (CASCADE | RESTRICT)?
  | CREATE SCHEMA (IF NOT EXISTS)? qualified_name (AUTHORIZATION principal)? (WITH properties)?
  | DROP SCHEMA (IF EXISTS)? qualified_name (CASCADE | RESTRICT)?
  | ALTER SCHEMA qualified_name RENAME TO identifier
  | CREATE (OR REPLACE)? TABLE (IF NOT EXISTS)? qualified_name column_aliases? (COMMENT string)? (WITH properties)?
      AS (root_query | '(' root_query ')') (WITH NO? DATA)?
  | CREATE (OR REPLACE)? TABLE (IF NOT EXISTS)? qualified_name '(' table_element (',' table_element)* ')'
      (COMMENT string)? (WITH properties)?
  | DROP TABLE (IF EXISTS)? qualified_name
  | INSERT INTO qualified_name column_aliases? root_query
  | DELETE FROM qualified_name (WHERE boolean_expression)?
  | TRUNCATE TABLE qualified_name
  | COMMENT ON TABLE qualified_name IS (string | NULL)
  | COMMENT ON VIEW qualified_name IS (string | NULL)
  | COMMENT ON COLUMN qualified_name IS (string | NULL)
  | ALTER TABLE (IF EXISTS)? qualified_name RENAME TO qualified_name
  | ALTER TABLE (IF EXISTS)? qualified_name ADD COLUMN (IF NOT EXISTS)? column_definition
      (FIRST | LAST | AFTER identifier)?
  | ALTER TABLE (IF EXISTS)? qualified_name RENAME COLUMN (IF EXISTS)? qualified_name TO identifier
  | ALTER TABLE (IF EXISTS)? qualified_name DROP COLUMN (IF EXISTS)? qualified_name
  | ALTER TABLE (IF EXISTS)? qualified_name ALTER COLUMN qualified_name SET DATA TYPE type
  | ALTER TABLE (IF EXISTS)? qualified_name ALTER COLUMN identifier DROP NOT NULL
  | ALTER TABLE qualified_name SET PROPERTIES property_assignments
  | ALTER TABLE qualified_name EXECUTE identifier ('(' (call_argument (',' call_argument)*)? ')')?
      (WHERE boolean_expression)?
  | ALTER owned_entity_kind qualified_name SET AUTHORIZATION principal
  | ANALYZE qualified_name (WITH properties)?
  | CREATE (OR REPLACE)? MATERIALIZED VIEW (IF NOT EXISTS)? qualified_name (GRACE PERIOD interval)?
      (COMMENT string)? (WITH properties)? AS root_query
  | CREATE (OR REPLACE)? VIEW qualified_name (COMMENT string)? (SECURITY (DEFINER | INVOKER))? (WITH properties)?
      AS root_query
  | REFRESH MATERIALIZED VIEW qualified_name
  | DROP MATERIALIZED VIEW (IF EXISTS)? qualified_name
  | ALTER MATERIALIZED VIEW (IF EXISTS)? qualified_name RENAME TO qualified_name
  | ALTER MATERIALIZED VIEW qualified_name SET PROPERTIES property_assignments
  | DROP VIEW (IF EXISTS)? qualified_name
  | ALTER VIEW qualified_name RENAME TO qualified_name
  | CALL qualified_name '(' (call_argument (',' call_argument)*)? ')'
  | CREATE (OR REPLACE)? function_specification
  | DROP FUNCTION (IF EXISTS)? function_declaration
  | CREATE ROLE identifier (WITH ADMIN grantor)? (IN identifier)?
  | DROP ROLE (IF EXISTS)? identifier (IN identifier)?
  | GRANT privilege_or_role (',' privilege_or_role)* TO principal (',' principal)* (WITH ADMIN OPTION)?
      (GRANTED BY grantor)? (IN identifier)?
  | GRANT (privilege_or_role (',' privilege_or_role)* | ALL PRIVILEGES) ON grant_object TO principal
      (WITH GRANT OPTION)?
  | REVOKE (ADMIN OPTION FOR)? privilege_or_role (',' privilege_or_role)* FROM principal (',' principal)*
      (GRANTED BY grantor)? (IN identifier)?
  | REVOKE (GRANT OPTION FOR)? (privilege_or_role (',' privilege_or_role)* | ALL PRIVILEGES) ON grant_object
      FROM principal
  | DENY (privilege (',' privilege)* | ALL PRIVILEGES) ON grant_object TO principal
  | SET ROLE (ALL | NONE | identifier) (IN identifier)?
  | SHOW GRANTS (ON grant_object)?
  | EXPLAIN ('(' explain_option (',' explain_option)* ')')? statement
  | EXPLAIN ANALYZE VERBOSE? statement
  | SHOW CREATE TABLE qualified_name
  | SHOW CREATE SCHEMA qualified_name
  | SHOW CREATE VIEW qualified_name
  | SHOW CREATE MATERIALIZED VIEW qualified_name
  | SHOW CREATE FUNCTION qualified_name
  | SHOW TABLES ((FROM | IN) qualified_name)? (LIKE string (ESCAPE string)?)?
  | SHOW SCHEMAS ((FROM | IN) identifier)? (LIKE string (ESCAPE string)?)?
  | SHOW CATALOGS (LIKE string (ESCAPE string)?)?
  | SHOW COLUMNS (FROM | IN) qualified_name (LIKE string (ESCAPE string)?)?
  | SHOW STATS FOR qualified_name
  | SHOW STATS FOR '(' root_query ')'
  | SHOW CURRENT? ROLES ((FROM | IN) identifier)?
  | SHOW ROLE GRANTS ((FROM | IN) identifier)?
  | DESCRIBE qualified_name
  | DESC qualified_name
  | SHOW FUNCTIONS ((FROM | IN) qualified_name)? (LIKE string (ESCAPE string)?)?
  | SHOW SESSION (LIKE string (ESCAPE string)?)?
  | SET SESSION AUTHORIZATION authorization_user
  | RESET SESSION AUTHORIZATION
  | SET SESSION qualified_name '=' expression
  | RESET SESSION qualified_name
  | START TRANSACTION (transaction_mode (',' transaction_mode)*)?
  | COMMIT WORK?
  | ROLLBACK WORK?
  | PREPARE identifier FROM statement
  | DEALLOCATE PREPARE identifier
  | EXECUTE identifier (USING expression (',' expression)*)?
  | EXECUTE IMMEDIATE string (USING expression (',' expression)*)?
  | DESCRIBE INPUT identifier
  | DESCRIBE OUTPUT identifier
  | SET PATH path_specification
  | SET TIME ZONE (LOCAL | expression)
  | UPDATE qualified_name SET update_assignment (',' update_assignment)* (WHERE boolean_expression)?
  | MERGE INTO qualified_name (AS? identifier)? USING relation ON expression merge_case+

table_element = column_definition | like_clause

column_definition = qualified_name type (NOT NULL)? (COMMENT string)? (WITH properties)?

like_clause = LIKE qualified_name ((INCLUDING | EXCLUDING) PROPERTIES)?

properties = '(' property_assignments ')'

property_assignments = property (',' property)*

property = identifier '=' property_value

property_value = DEFAULT | expression

merge_case =
    WHEN MATCHED (AND expression)? THEN UPDATE SET identifier '=' expression (',' identifier '=' expression)*
  | WHEN MATCHED (AND expression)? THEN DELETE
  | WHEN NOT MATCHED (AND expression)? THEN INSERT ('(' identifier (',' identifier)* ')')?
      VALUES '(' expression (',' expression)* ')'

update_assignment = identifier '=' expression

explain_option = FORMAT (TEXT | GRAPHVIZ | JSON) | TYPE (LOGICAL | DISTRIBUTED | VALIDATE | IO)

transaction_mode = ISOLATION LEVEL level_of_isolation | READ (ONLY | WRITE)

level_of_isolation = READ UNCOMMITTED | READ COMMITTED | REPEATABLE READ | SERIALIZABLE

call_argument = expression | identifier '=>' expression

path_element = identifier '.' identifier | identifier

path_specification = path_element (',' path_element)*

privilege = CREATE | SELECT | DELETE | INSERT | UPDATE | identifier

entity_kind = TABLE | SCHEMA | identifier

grant_object = entity_kind? qualified_name

owned_entity_kind = TABLE | SCHEMA | VIEW | identifier

qualified_name = identifier ('.' identifier)*

grantor = principal | CURRENT_USER | CURRENT_ROLE

principal = identifier | USER identifier | ROLE identifier

privilege_or_role = CREATE | SELECT | DELETE | INSERT | UPDATE | identifier

identifier = <identifier> | <quoted identifier> | non_reserved | <backquoted identifier> | <digit identifier>

authorization_user = identifier | string
"""

QUERY_RULES = """
root_query = (WITH function_specification (',' function_specification)*)? query

root_query_with_session = (WITH SESSION session_property (',' session_property)*)? root_query

session_property = qualified_name '=' expression

query = with? query_no_with

with = WITH RECURSIVE? named_query (',' named_query)*

query_no_with = query_term order_by? (OFFSET row_count (ROW | ROWS)?)?
    (LIMIT limit_row_count | FETCH (FIRST | NEXT) row_count? (ROW | ROWS) (ONLY | WITH TIES))?

order_by = ORDER BY sort_item (',' sort_item)*

limit_row_count = ALL | row_count

row_count = <integer> | '?'

query_term =
    query_primary
  | query_term INTERSECT set_quantifier? corresponding? query_term
  | query_term (UNION | EXCEPT) set_quantifier? corresponding? query_term

query_primary = query_specification | TABLE qualified_name | VALUES expression (',' expression)* | '(' query_no_with ')'

corresponding = CORRESPONDING (BY column_aliases)?

sort_item = expression (ASC | DESC)? (NULLS (FIRST | LAST))?

query_specification = SELECT set_quantifier? select_item (',' select_item)* (FROM relation (',' relation)*)?
    (WHERE boolean_expression)? (GROUP BY group_by)? (HAVING boolean_expression)?
    (WINDOW window_definition (',' window_definition)*)?

group_by = set_quantifier? grouping_element (',' grouping_element)*

grouping_element =
    grouping_set
  | AUTO
  | ROLLUP '(' (grouping_set (',' grouping_set)*)? ')'
  | CUBE '(' (grouping_set (',' grouping_set)*)? ')'
  | GROUPING SETS '(' grouping_set (',' grouping_set)* ')'

grouping_set = '(' (expression (',' expression)*)? ')' | expression

window_definition = identifier AS '(' window_specification ')'

window_specification = identifier? (PARTITION BY expression (',' expression)*)? order_by? window_frame?

named_query = identifier column_aliases? AS '(' query ')'

set_quantifier = DISTINCT | ALL

select_item = expression (AS? identifier)? | primary_expression '.' '*' (AS column_aliases)? | '*'

relation =
    relation
      ( CROSS JOIN sampled_relation
      | join_type JOIN relation join_criteria
      | NATURAL join_type JOIN sampled_relation
      )
  | sampled_relation

join_type = INNER? | LEFT OUTER? | RIGHT OUTER? | FULL OUTER?

join_criteria = ON boolean_expression | USING '(' identifier (',' identifier)* ')'

sampled_relation = pattern_recognition (TABLESAMPLE sample_type '(' expression ')')?

sample_type = BERNOULLI | SYSTEM

pattern_recognition = aliased_relation
    (MATCH_RECOGNIZE '(' (PARTITION BY expression (',' expression)*)? order_by?
      (MEASURES measure_definition (',' measure_definition)*)? rows_per_match? (AFTER MATCH skip_to)?
      (INITIAL | SEEK)? PATTERN '(' row_pattern ')' (SUBSET subset_definition (',' subset_definition)*)?
      DEFINE variable_definition (',' variable_definition)* ')' (AS? identifier column_aliases?)?)?

measure_definition = expression AS identifier

rows_per_match = ONE ROW PER MATCH | ALL ROWS PER MATCH empty_match_handling?

empty_match_handling = SHOW EMPTY MATCHES | OMIT EMPTY MATCHES | WITH UNMATCHED ROWS

skip_to =
    SKIP TO NEXT ROW
  | SKIP PAST LAST ROW
  | SKIP TO FIRST identifier
  | SKIP TO LAST identifier
  | SKIP TO identifier

subset_definition = identifier '=' '(' identifier (',' identifier)* ')'

variable_definition = identifier AS expression

aliased_relation = relation_primary (AS? identifier column_aliases?)?

column_aliases = '(' identifier (',' identifier)* ')'

relation_primary =
    qualified_name query_period?
  | '(' query ')'
  | UNNEST '(' expression (',' expression)* ')' (WITH ORDINALITY)?
  | LATERAL '(' query ')'
  | TABLE '(' table_function_call ')'
  | '(' relation ')'
  | JSON_TABLE '(' json_path_invocation COLUMNS '(' json_table_column (',' json_table_column)* ')'
      (PLAN '(' json_table_specific_plan ')' | PLAN DEFAULT '(' json_table_default_plan ')')?
      ((ERROR | EMPTY) ON ERROR)? ')'

json_table_column =
    identifier FOR ORDINALITY
  | identifier type (PATH string)? (json_value_behavior ON EMPTY)? (json_value_behavior ON ERROR)?
  | identifier type FORMAT json_representation (PATH string)? (json_query_wrapper_behavior WRAPPER)?
      ((KEEP | OMIT) QUOTES (ON SCALAR STRING)?)? (json_query_behavior ON EMPTY)? (json_query_behavior ON ERROR)?
  | NESTED PATH? string (AS identifier)? COLUMNS '(' json_table_column (',' json_table_column)* ')'

json_table_specific_plan =
    json_table_path_name
  | json_table_path_name (OUTER | INNER) plan_primary
  | plan_primary UNION plan_primary (UNION plan_primary)*
  | plan_primary CROSS plan_primary (CROSS plan_primary)*

json_table_path_name = identifier

plan_primary = json_table_path_name | '(' json_table_specific_plan ')'

json_table_default_plan = (OUTER | INNER) (',' (UNION | CROSS))? | (UNION | CROSS) (',' (OUTER | INNER))?

table_function_call = qualified_name '(' (table_function_argument (',' table_function_argument)*)?
    (COPARTITION copartition_tables (',' copartition_tables)*)? ')'

table_function_argument = (identifier '=>')? (table_argument | descriptor_argument | expression)

table_argument = table_argument_relation (PARTITION BY ('(' (expression (',' expression)*)? ')' | expression))?
    (PRUNE WHEN EMPTY | KEEP WHEN EMPTY)? (ORDER BY ('(' sort_item (',' sort_item)* ')' | sort_item))?

table_argument_relation =
    TABLE '(' qualified_name ')' (AS? identifier column_aliases?)?
  | TABLE '(' query ')' (AS? identifier column_aliases?)?

descriptor_argument = DESCRIPTOR '(' descriptor_field (',' descriptor_field)* ')' | CAST '(' NULL AS DESCRIPTOR ')'

descriptor_field = identifier type?

copartition_tables = '(' qualified_name ',' qualified_name (',' qualified_name)* ')'

query_period = FOR range_type AS OF value_expression

range_type = TIMESTAMP | VERSION

over = OVER (identifier | '(' window_specification ')')

window_frame = (MEASURES measure_definition (',' measure_definition)*)? frame_extent (AFTER MATCH skip_to)?
    (INITIAL | SEEK)? (PATTERN '(' row_pattern ')')? (SUBSET subset_definition (',' subset_definition)*)?
    (DEFINE variable_definition (',' variable_definition)*)?

frame_extent =
    RANGE frame_bound
  | ROWS frame_bound
  | GROUPS frame_bound
  | RANGE BETWEEN frame_bound AND frame_bound
  | ROWS BETWEEN frame_bound AND frame_bound
  | GROUPS BETWEEN frame_bound AND frame_bound

frame_bound = UNBOUNDED PRECEDING | UNBOUNDED FOLLOWING | CURRENT ROW | expression (PRECEDING | FOLLOWING)

row_pattern = pattern_primary pattern_quantifier? | row_pattern row_pattern | row_pattern '|' row_pattern

pattern_primary =
    identifier
  | '(' ')'
  | PERMUTE '(' row_pattern (',' row_pattern)* ')'
  | '(' row_pattern ')'
  | '^'
  | '$'
  | '{-' row_pattern '-}'

pattern_quantifier =
    '*' '?'?
  | '+' '?'?
  | '?' '?'?
  | '{' <integer> '}' '?'?
  | '{' <integer>? ',' <integer>? '}' '?'?
"""

EXPRESSION_RULES = """
expression = boolean_expression

boolean_expression =
    value_expression predicate?
  | NOT boolean_expression
  | boolean_expression AND boolean_expression
  | boolean_expression OR boolean_expression

predicate =
    comparison_operator value_expression
  | comparison_operator comparison_quantifier '(' query ')'
  | NOT? BETWEEN value_expression AND value_expression
  | NOT? IN '(' expression (',' expression)* ')'
  | NOT? IN '(' query ')'
  | NOT? LIKE value_expression (ESCAPE value_expression)?
  | IS NOT? NULL
  | IS NOT? DISTINCT FROM value_expression

value_expression =
    primary_expression
  | value_expression AT time_zone_specifier
  | ('-' | '+') value_expression
  | value_expression ('*' | '/' | '%') value_expression
  | value_expression ('+' | '-') value_expression
  | value_expression '||' value_expression

primary_expression =
    NULL
  | interval
  | identifier string
  | DOUBLE PRECISION string
  | number
  | boolean_value
  | string
  | <binary>
  | '?'
  | POSITION '(' value_expression IN value_expression ')'
  | '(' expression (',' expression)+ ')'
  | ROW '(' expression (',' expression)* ')'
  | LISTAGG '(' set_quantifier? expression (',' string)? (ON OVERFLOW list_agg_overflow_behavior)? ')'
      (WITHIN GROUP '(' order_by ')') filter? over?
  | processing_mode? qualified_name '(' (identifier '.')? '*' ')' filter? over?
  | processing_mode? qualified_name '(' (set_quantifier? expression (',' expression)*)? order_by? ')' filter?
      (null_treatment? over)?
  | identifier over
  | identifier '->' expression
  | '(' (identifier (',' identifier)*)? ')' '->' expression
  | '(' query ')'
  | EXISTS '(' query ')'
  | CASE expression when_clause+ (ELSE expression)? END
  | CASE when_clause+ (ELSE expression)? END
  | CAST '(' expression AS type ')'
  | TRY_CAST '(' expression AS type ')'
  | ARRAY '[' (expression (',' expression)*)? ']'
  | '[' (expression (',' expression)*)? ']'
  | primary_expression '[' value_expression ']'
  | identifier
  | primary_expression '.' identifier
  | CURRENT_DATE
  | CURRENT_TIME ('(' <integer> ')')?
  | CURRENT_TIMESTAMP ('(' <integer> ')')?
  | LOCALTIME ('(' <integer> ')')?
  | LOCALTIMESTAMP ('(' <integer> ')')?
  | CURRENT_USER
  | CURRENT_CATALOG
  | CURRENT_SCHEMA
  | CURRENT_PATH
  | TRIM '(' (trims_specification? value_expression? FROM)? value_expression ')'
  | TRIM '(' value_expression ',' value_expression ')'
  | SUBSTRING '(' value_expression FROM value_expression (FOR value_expression)? ')'
  | NORMALIZE '(' value_expression (',' normal_form)? ')'
  | EXTRACT '(' identifier FROM value_expression ')'
  | '(' expression ')'
  | GROUPING '(' (qualified_name (',' qualified_name)*)? ')'
  | JSON_EXISTS '(' json_path_invocation (json_exists_error_behavior ON ERROR)? ')'
  | JSON_VALUE '(' json_path_invocation (RETURNING type)?
      (json_value_behavior ON EMPTY)? (json_value_behavior ON ERROR)? ')'
  | JSON_QUERY '(' json_path_invocation (RETURNING type (FORMAT json_representation)?)?
      (json_query_wrapper_behavior WRAPPER)? ((KEEP | OMIT) QUOTES (ON SCALAR STRING)?)?
      (json_query_behavior ON EMPTY)? (json_query_behavior ON ERROR)? ')'
  | JSON_OBJECT '(' (json_object_member (',' json_object_member)* (NULL ON NULL | ABSENT ON NULL)?
      (WITH UNIQUE KEYS? | WITHOUT UNIQUE KEYS?)?)? (RETURNING type (FORMAT json_representation)?)? ')'
  | JSON_ARRAY '(' (json_value_expression (',' json_value_expression)* (NULL ON NULL | ABSENT ON NULL)?)?
      (RETURNING type (FORMAT json_representation)?)? ')'

trims_specification = LEADING | TRAILING | BOTH

list_agg_overflow_behavior = ERROR | TRUNCATE string? listagg_count_indication

listagg_count_indication = WITH COUNT | WITHOUT COUNT

json_path_invocation = json_value_expression ',' string (AS identifier)? (PASSING json_argument (',' json_argument)*)?

json_value_expression = expression (FORMAT json_representation)?

json_representation = JSON (ENCODING (UTF8 | UTF16 | UTF32))?

json_argument = json_value_expression AS identifier

json_exists_error_behavior = TRUE | FALSE | UNKNOWN | ERROR

json_value_behavior = ERROR | NULL | DEFAULT expression

json_query_wrapper_behavior = WITHOUT ARRAY? | WITH (CONDITIONAL | UNCONDITIONAL)? ARRAY?

json_query_behavior = ERROR | NULL | EMPTY ARRAY | EMPTY OBJECT

json_object_member = KEY? expression VALUE json_value_expression | expression ':' json_value_expression

processing_mode = RUNNING | FINAL

null_treatment = IGNORE NULLS | RESPECT NULLS

string = <string> | <unicode string> (UESCAPE <string>)?

time_zone_specifier = TIME ZONE interval | TIME ZONE string

comparison_operator = '=' | '<>' | '<' | '<=' | '>' | '>='

comparison_quantifier = ALL | SOME | ANY

boolean_value = TRUE | FALSE

interval = INTERVAL ('+' | '-')? string interval_field (TO interval_field)?

interval_field = YEAR | MONTH | DAY | HOUR | MINUTE | SECOND

normal_form = NFD | NFC | NFKD | NFKC

when_clause = WHEN expression THEN expression

filter = FILTER '(' WHERE boolean_expression ')'

number = '-'? <decimal> | '-'? <double> | '-'? <integer>

type =
    ROW '(' row_field (',' row_field)* ')'
  | INTERVAL interval_field (TO interval_field)?
  | TIMESTAMP ('(' type_parameter ')')? (WITHOUT TIME ZONE)?
  | TIMESTAMP ('(' type_parameter ')')? WITH TIME ZONE
  | TIME ('(' type_parameter ')')? (WITHOUT TIME ZONE)?
  | TIME ('(' type_parameter ')')? WITH TIME ZONE
  | DOUBLE PRECISION
  | ARRAY '<' type '>'
  | MAP '<' type ',' type '>'
  | type ARRAY ('[' <integer> ']')?
  | identifier ('(' type_parameter (',' type_parameter)* ')')?

row_field = type | identifier type

type_parameter = <integer> | type
"""

ROUTINE_RULES = """
function_specification = FUNCTION function_declaration returns_clause routine_characteristic*
    (control_statement | AS function_definition)

function_definition = <dollar string>

function_declaration = qualified_name '(' (parameter_declaration (',' parameter_declaration)*)? ')'

parameter_declaration = identifier? type

returns_clause = RETURNS type

routine_characteristic =
    LANGUAGE identifier
  | NOT? DETERMINISTIC
  | RETURNS NULL ON NULL INPUT
  | CALLED ON NULL INPUT
  | SECURITY (DEFINER | INVOKER)
  | COMMENT string
  | WITH properties

control_statement =
    RETURN value_expression
  | SET identifier '=' expression
  | CASE expression case_statement_when_clause+ else_clause? END CASE
  | CASE case_statement_when_clause+ else_clause? END CASE
  | IF expression THEN sql_statement_list else_if_clause* else_clause? END IF
  | ITERATE identifier
  | LEAVE identifier
  | BEGIN (variable_declaration ';')* sql_statement_list? END
  | (identifier ':')? LOOP sql_statement_list END LOOP
  | (identifier ':')? WHILE expression DO sql_statement_list END WHILE
  | (identifier ':')? REPEAT sql_statement_list UNTIL expression END REPEAT

case_statement_when_clause = WHEN expression THEN sql_statement_list

else_if_clause = ELSEIF expression THEN sql_statement_list

else_clause = ELSE sql_statement_list

variable_declaration = DECLARE identifier (',' identifier)* type (DEFAULT value_expression)?

sql_statement_list = (control_statement ';')+
"""

NAME_RULES = f"""
non_reserved = {" | ".join(sorted(NON_RESERVED))}
"""

RULES = "\n".join((STATEMENT_RULES, QUERY_RULES, EXPRESSION_RULES, ROUTINE_RULES, NAME_RULES))
