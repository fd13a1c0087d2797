{{ config(materialized='ephemeral') }}
select code, population from {{ ref('countries') }}
