{% snapshot countries_kept %}
{{ config(unique_key='code', strategy='check', check_cols=['population'], target_schema=schema) }}
select code, population from {{ ref('countries') }}
{% endsnapshot %}
