{{ config(materialized='table') }}
select sum(population) as people, count(*) as countries from {{ ref('only_in_between') }}
