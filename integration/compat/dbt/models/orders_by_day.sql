{{ config(materialized='incremental', incremental_strategy='append', views_enabled=false) }}
select orderdate, count(*) as orders, cast(sum(totalprice) as decimal(18, 2)) as total
from tpch.tiny.orders
{% if is_incremental() %}
where orderdate > (select max(orderdate) from {{ this }}) and orderdate < date '1992-03-01'
{% else %}
where orderdate < date '1992-02-01'
{% endif %}
group by orderdate
