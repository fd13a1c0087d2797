{{ config(materialized='table', post_hook="select 1") }}
select region, count(*) as nations, array_agg(name order by name) as names
from {{ ref('nations') }}
group by region
