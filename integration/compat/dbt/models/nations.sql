{{ config(materialized='view') }}
select n.nationkey, n.name, r.name as region
from tpch.tiny.nation n
join tpch.tiny.region r on r.regionkey = n.regionkey
